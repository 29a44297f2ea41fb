import Secrets

/// The URL of an endpoint: `https`, or `http` on a loopback host.
///
/// ``string`` is the text as given, byte for byte: issuers are compared as text (RFC 8414 section 3.3), so nothing is
/// normalised. Refused are user information, a fragment, all but printable ASCII, and the characters that RFC 3986
/// never allows. Hosts written as unusual numbers or in link-local or multicast ranges are refused too.
package struct EndpointURL: Sendable, Hashable, CustomStringConvertible {
    /// The reason why a text is not an endpoint.
    package enum ParsingError: Error, Sendable, Equatable {
        case forbiddenCharacter, notHTTPS, httpOffLoopback, userInformation, fragment, invalidHost, invalidPort
        case invalidPercentEncoding
    }

    /// The text as given.
    package let string: String
    private let place: Origin
    /// From the first slash up to the query; empty if there is no slash.
    package let path: String
    /// The text after the question mark; nil if there is none.
    package let query: String?

    /// Parses strictly: any text that is not clearly an endpoint is an error.
    package init(_ string: String) throws(ParsingError) {
        let bytes = Array(string.utf8)
        try Self.checkCharacters(bytes)
        guard let pieces = URLPieces(bytes) else { throw .notHTTPS }
        guard pieces.userinfo == nil else { throw .userInformation }
        do throws(Origin.Problem) {
            place = try Origin(scheme: String(decoding: pieces.scheme, as: UTF8.self), authority: pieces.host)
        } catch {
            switch error {
            case .unsupportedScheme: throw .notHTTPS
            case .invalidHost: throw .invalidHost
            case .invalidPort: throw .invalidPort
            }
        }
        self.string = string
        path = String(decoding: pieces.path, as: UTF8.self)
        query = pieces.tail.isEmpty ? nil : String(decoding: pieces.tail.dropFirst(), as: UTF8.self)
        guard HostName.mayBeServer(host) else { throw .invalidHost }
        guard scheme == "https" || isLoopback else { throw .httpOffLoopback }
    }

    /// The URL of a service as an endpoint.
    ///
    /// - Throws: ``ParsingError/httpOffLoopback`` if the service has no TLS, and ``ParsingError/invalidHost`` if no server
    ///   may have its address. There is no other reason: both types have one grammar.
    package init(_ service: ServiceURL) throws(ParsingError) { try self.init(service.description) }

    /// `https` or `http`.
    package var scheme: String { place.scheme }
    /// In lower case. An IPv6 address is in brackets.
    package var host: String { place.host }
    /// The effective port: 443 or 80 if none is given.
    package var port: Int { place.port }
    /// Scheme and host, and the port unless it is the scheme's default.
    package var origin: String { place.text }
    /// Host, and the port unless it is the scheme's default. As far as a URL can tell, this identifies one party.
    package var authority: String { String(origin.dropFirst(scheme.utf8.count + 3)) }
    /// Whether the host is `localhost`, in 127.0.0.0/8, or ::1.
    package var isLoopback: Bool { place.isLoopback }
    package var description: String { string }

    private static func checkCharacters(_ bytes: [UInt8]) throws(ParsingError) {
        for (index, byte) in bytes.enumerated() {
            guard byte > 0x20, byte < 0x7F, !"\"<>\\^`{|}".utf8.contains(byte) else { throw .forbiddenCharacter }
            if byte == UInt8(ascii: "#") { throw .fragment }
            if byte == UInt8(ascii: "%"), PercentEncoding.decode(bytes[index...].prefix(3)) == nil {
                throw .invalidPercentEncoding
            }
        }
    }
}
