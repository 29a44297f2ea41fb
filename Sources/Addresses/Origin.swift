import Secrets

/// The origin of a URL over http or https (RFC 6454): what ``ServiceURL`` and ``EndpointURL`` have in common.
struct Origin: Sendable, Hashable {
    /// `https` or `http`.
    let scheme: String
    /// In lower case. An IPv6 address is in brackets.
    let host: String
    /// The effective port: the default port of the scheme if none is given.
    let port: Int

    enum Problem: Error {
        /// A scheme other than https and http, in lower case.
        case unsupportedScheme(String)
        case invalidHost
        case invalidPort
    }

    /// - Parameter authority: `host[:port]`, without user information.
    init(scheme: String, authority: ArraySlice<UInt8>) throws(Problem) {
        let scheme = scheme.asciiLowercased
        guard let defaultPort = Self.defaultPort(of: scheme) else { throw .unsupportedScheme(scheme) }
        let (host, port): (String, Int?)
        do throws(HostGrammar.Problem) {
            (host, port) = try HostGrammar.split(authority)
        } catch {
            switch error {
            case .invalidHost: throw .invalidHost
            case .invalidPort: throw .invalidPort
            }
        }
        (self.scheme, self.host, self.port) = (scheme, host, port ?? defaultPort)
    }

    /// Scheme and host, and the port unless it is the scheme's default: `https://git.example.com`.
    var text: String { port == Self.defaultPort(of: scheme) ? "\(scheme)://\(host)" : "\(scheme)://\(host):\(port)" }

    var isLoopback: Bool { HostName.isLoopback(host) }

    /// The default port (RFC 9110 section 4.2); nil for other schemes.
    private static func defaultPort(of scheme: String) -> Int? {
        switch scheme {
        case "https": 443
        case "http": 80
        default: nil
        }
    }
}
