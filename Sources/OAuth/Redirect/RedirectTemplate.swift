import Addresses
import Secrets

/// A loopback redirect URI. Unless it names ports, each login chooses one (RFC 8252 section 7.3).
package struct RedirectTemplate: Sendable, Hashable {
    /// Why keyfob cannot listen on a redirect URI.
    package enum ParsingError: Error, Sendable, Equatable {
        case notALoopbackURL, unsupportedHost, query
    }

    /// `127.0.0.1`, `localhost` or `[::1]`.
    package let host: String
    /// Ports to try in this order, for servers that compare the complete URI; empty for any free port.
    package var ports: [Int]
    /// As in the URI. May be empty; a browser then requests `/`.
    package let path: String

    /// `http://127.0.0.1/callback`.
    package static let loopback = RedirectTemplate(host: "127.0.0.1", ports: [], path: "/callback")

    /// `http://127.0.0.1/LABEL/callback`: each issuer gets its own redirect URI, so that a code of one server cannot be
    /// used as the answer of another (RFC 9700 section 4.4.2.2). It does not begin with the path of ``loopback``,
    /// because some servers accept everything that begins with a registered path.
    ///
    /// - Parameter label: only unreserved characters (RFC 3986 section 2.3).
    package static func loopback(labelled label: String) -> RedirectTemplate {
        RedirectTemplate(host: "127.0.0.1", ports: [], path: "/" + label + loopback.path)
    }

    /// This redirect URI without its label; unchanged if it has none.
    package var withoutLabel: RedirectTemplate {
        let segments = path.split(separator: "/", omittingEmptySubsequences: false)
        guard segments.count == 3, "/" + segments[2] == Self.loopback.path else { return self }
        return RedirectTemplate(host: host, ports: ports, path: Self.loopback.path)
    }

    /// Whether a server may have registered this for `wanted`: with another loopback host, without the label or with another
    /// slash at its end, but with the ports of `wanted`, if it names any.
    package func isMade(from wanted: RedirectTemplate) -> Bool {
        let plain = ResourceIdentifier.withoutLastSlash(path)
        return (wanted.ports.isEmpty || ports == wanted.ports)
            && [wanted.path, wanted.withoutLabel.path].contains {
                plain.isSame(as: ResourceIdentifier.withoutLastSlash($0))
            }
    }

    private init(host: String, ports: [Int], path: String) {
        (self.host, self.ports, self.path) = (host, ports, path)
    }

    /// Reads a registered redirect URI.
    package init(_ string: String) throws(ParsingError) {
        guard let url = try? EndpointURL(string), url.scheme == "http" else { throw .notALoopbackURL }
        guard ["127.0.0.1", "localhost", "[::1]"].contains(url.host) else { throw .unsupportedHost }
        guard url.query == nil else { throw .query }
        let authority = string.dropFirst("http://".count).prefix { $0 != "/" }
        self.init(
            host: url.host, ports: authority.asciiLowercased.isSame(as: url.host) ? [] : [url.port], path: url.path)
    }

    /// A port of `host` (as in ``host``) that is free at this moment, to register it and to bind it at each login.
    ///
    /// The port is below the kernel's default range for temporary ports (`ip_local_port_range`, ip(7)) if one is free
    /// there: otherwise a connection of any program could have it at a later login.
    ///
    /// - Throws: `listenerFailed`.
    package static func freePort(host: String = "127.0.0.1") async throws(OAuthError) -> Int {
        let ports = (0..<20).map { _ in Int.random(in: 15_000..<32_000) }
        do {
            return try await RedirectTemplate(host: host, ports: ports, path: "").bindablePort()
        } catch {
            return try await RedirectTemplate(host: host, ports: [], path: "").bindablePort()
        }
    }

    /// A port on which a login could listen at this moment.
    ///
    /// - Throws: `listenerFailed`.
    package func bindablePort() async throws(OAuthError) -> Int {
        let server = try await LoopbackServer.open(self)
        await server.close()
        return server.port
    }

    /// The redirect URI with the listener's port, as both requests of a login send it. If `port` is nil, nothing
    /// listens, and the URI is sent as registered: with the first of its own ports, or with none.
    package func uri(port: Int?) -> String { "http://\(authority(port: port))\(path)" }

    /// Host and port of ``uri(port:)``.
    func authority(port: Int?) -> String { host + ((port ?? ports.first).map { ":\($0)" } ?? "") }
}
