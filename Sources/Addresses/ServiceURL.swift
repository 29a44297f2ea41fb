/// The service that a credential is for: an origin over http or https, perhaps with a path (RFC 3986, RFC 6454).
///
/// A value never holds an invalid host, user information, a query, a fragment or a control character. Values can be
/// compared: two spellings of one service are equal, and two different services never are. Paths are compared and cut
/// by their UTF-8 bytes.
package struct ServiceURL: Sendable, Hashable, CustomStringConvertible {
    private let place: Origin
    /// Percent-decoded, with a slash before each segment and none at the end. Empty for the whole origin.
    private let path: [UInt8]
    /// Whether programs read the path in more than one way (``PathGrammar``). Only the whole origin contains such a
    /// service. A value parsed from a URL is never ambiguous.
    package let isAmbiguous: Bool

    /// The reason why a string is not the URL of a service.
    package enum ParsingError: Error, Sendable, Equatable {
        /// No `scheme://`.
        case notAbsolute
        /// A scheme other than https and http.
        case unsupportedScheme(String)
        /// A path that programs read in more than one way: dot segments, `%2F`, `%5C`.
        case ambiguousPath
        /// A user name or a password before the host.
        case userinfo
        case invalidHost
        case invalidPort
        /// A control character, plain or percent-encoded; a space or a backslash.
        case forbiddenByte(UInt8)
        /// `%` without two hexadecimal digits after it.
        case malformedEscape
        case queryOrFragment
    }

    /// Parses `https://host[:port][/path]` and percent-decodes the path. The scheme may be http too.
    package init(_ string: String) throws(ParsingError) {
        if let byte = URLPieces.forbiddenByte(in: string.utf8) { throw .forbiddenByte(byte) }
        guard let pieces = URLPieces(Array(string.utf8)) else { throw .notAbsolute }
        guard pieces.userinfo == nil else { throw .userinfo }
        guard pieces.tail.isEmpty else { throw .queryOrFragment }
        guard let path = PercentEncoding.decode(pieces.path) else { throw .malformedEscape }
        if let byte = path.first(where: ASCII.isControl) { throw .forbiddenByte(byte) }
        guard !PathGrammar.isAmbiguous(encoded: pieces.path) else { throw .ambiguousPath }
        let scheme = String(decoding: pieces.scheme, as: UTF8.self)
        try self.init(scheme: scheme, authority: pieces.host, path: PercentEncoding.text(path.dropFirst()))
    }

    /// The service of a request. Returns nil unless the protocol is http or https, the host is valid and the path has
    /// no control character.
    ///
    /// - Parameter path: without a leading slash. It is not percent-decoded here, because git has done that.
    package init?(protocolName: String, host: String, path: String?) {
        let path = path ?? ""
        guard !path.utf8.contains(where: ASCII.isControl) else { return nil }
        do {
            try self.init(scheme: protocolName, authority: Array(host.utf8)[...], path: path)
        } catch {
            return nil
        }
    }

    private init(scheme: String, authority: ArraySlice<UInt8>, path: String) throws(ParsingError) {
        do throws(Origin.Problem) {
            place = try Origin(scheme: scheme, authority: authority)
        } catch {
            switch error {
            case .unsupportedScheme(let scheme): throw .unsupportedScheme(scheme)
            case .invalidHost: throw .invalidHost
            case .invalidPort: throw .invalidPort
            }
        }
        let bytes = Array(path.utf8)
        let end = bytes.lastIndex { $0 != PathGrammar.slash }
        self.path = end.map { [PathGrammar.slash] + bytes[...$0] } ?? []
        isAmbiguous = PathGrammar.isAmbiguous(path)
    }

    /// `https` or `http`.
    package var scheme: String { place.scheme }
    /// In lower case. An IPv6 address is in brackets.
    package var host: String { place.host }
    /// The effective port: the default port of the scheme if none is given.
    package var port: Int { place.port }

    /// The segments of the path, percent-decoded and case-sensitive. Two adjacent slashes give an empty segment.
    package var pathSegments: [String] {
        path.split(separator: PathGrammar.slash, omittingEmptySubsequences: false).dropFirst()
            .map { String(decoding: $0, as: UTF8.self) }
    }

    /// Scheme and host, and the port unless it is the scheme's default: `https://git.example.com`.
    package var origin: String { place.text }

    /// The origin and the path, percent-encoded so that the result can be printed and parsed again.
    package var description: String {
        origin + pathSegments.map { "/" + PercentEncoding.encode(segment: $0) }.joined()
    }

    /// Whether the host is written as this machine: `localhost`, 127.0.0.0/8 or `[::1]` (RFC 8252 section 7.3). No name
    /// is looked up, so a resolver cannot make a host a loopback host.
    package var isLoopback: Bool { place.isLoopback }

    /// Whether `other` has the same origin and a path that equals this path or is below it, at a segment boundary. The
    /// whole origin contains every path. Any other service contains no ambiguous path.
    package func contains(_ other: ServiceURL) -> Bool {
        guard place == other.place else { return false }
        if path.isEmpty { return true }
        guard !isAmbiguous, !other.isAmbiguous, other.path.starts(with: path) else { return false }
        return other.path.count == path.count || other.path[path.count] == PathGrammar.slash
    }
}
