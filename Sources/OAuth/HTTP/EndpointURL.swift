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
    /// `https` or `http`.
    package let scheme: String
    /// In lower case. An IPv6 address is in brackets.
    package let host: String
    /// The effective port: 443 or 80 if none is given.
    package let port: Int
    /// From the first slash up to the query; empty if there is no slash.
    package let path: String
    /// The text after the question mark; nil if there is none.
    package let query: String?

    /// Parses strictly: any text that is not clearly an endpoint is an error.
    package init(_ string: String) throws(ParsingError) {
        try Self.checkCharacters(string)
        let (scheme, rest) = try Self.splitScheme(string)
        let authorityEnd = rest.firstIndex { $0 == "/" || $0 == "?" } ?? rest.endIndex
        let (host, port) = try Self.splitAuthority(rest[..<authorityEnd])
        let tail = rest[authorityEnd...]
        let mark = tail.firstIndex(of: "?")

        self.string = string
        self.scheme = scheme
        self.host = host
        self.port = port ?? (scheme == "https" ? 443 : 80)
        path = String(tail[..<(mark ?? tail.endIndex)])
        query = mark.map { String(tail[tail.index(after: $0)...]) }
        if scheme == "http" && !isLoopback { throw .httpOffLoopback }
    }

    /// Scheme and host, and the port unless it is the scheme's default.
    package var origin: String {
        port == (scheme == "https" ? 443 : 80) ? "\(scheme)://\(host)" : "\(scheme)://\(host):\(port)"
    }

    /// Host, and the port unless it is the scheme's default. As far as a URL can tell, this identifies one party.
    package var authority: String { String(origin.dropFirst(scheme.utf8.count + 3)) }

    /// Whether the host is `localhost`, in 127.0.0.0/8, or ::1.
    package var isLoopback: Bool {
        host == "localhost" || host.hasPrefix("127.") && IPv4Address(host) != nil
            || HostName.ipv6Bytes(host) == HostName.ipv6Loopback
    }

    package var description: String { string }
}

extension EndpointURL {
    private static func checkCharacters(_ string: String) throws(ParsingError) {
        let bytes = Array(string.utf8)
        for (index, byte) in bytes.enumerated() {
            guard byte > 0x20, byte < 0x7F, !Array("\"<>\\^`{|}".utf8).contains(byte) else { throw .forbiddenCharacter }
            if byte == UInt8(ascii: "#") { throw .fragment }
            if byte == UInt8(ascii: "%") {
                guard index + 2 < bytes.count, isHexDigit(bytes[index + 1]), isHexDigit(bytes[index + 2])
                else { throw .invalidPercentEncoding }
            }
        }
    }

    private static func isHexDigit(_ byte: UInt8) -> Bool { Character(Unicode.Scalar(byte)).isHexDigit }

    private static func splitScheme(_ string: String) throws(ParsingError) -> (String, Substring) {
        for scheme in ["https", "http"] where string.lowercased().hasPrefix(scheme + "://") {
            return (scheme, string.dropFirst(scheme.count + 3))
        }
        throw .notHTTPS
    }

    private static func splitAuthority(_ authority: Substring) throws(ParsingError) -> (String, Int?) {
        if authority.contains("@") { throw .userInformation }
        let hostEnd =
            authority.hasPrefix("[")
            ? authority.firstIndex(of: "]").map { authority.index(after: $0) } ?? authority.endIndex
            : authority.firstIndex(of: ":") ?? authority.endIndex
        let host = authority[..<hostEnd].lowercased()
        guard HostName.isAcceptable(host) else { throw .invalidHost }
        guard hostEnd < authority.endIndex else { return (host, nil) }

        let digits = authority[hostEnd...].dropFirst()
        guard authority[hostEnd] == ":", (1...5).contains(digits.utf8.count),
            digits.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }),
            let port = Int(digits), (1...65_535).contains(port)
        else { throw .invalidPort }
        return (host, port)
    }
}
