import Addresses
import Secrets

/// The parts of a request, cut out of the attribute `url` in the same way as `git credential` does it.
///
/// Query and fragment are dropped, because they are not part of a service. Host and port are validated later, with the
/// rest of the request.
struct RequestURL {
    let protocolName: String
    let host: String
    let path: String?
    let username: String?
    let password: Secret?
    /// Whether programs read the path in more than one way.
    let isAmbiguous: Bool

    init(_ line: AttributeLines.Line) throws(RequestError) {
        guard URLPieces.forbiddenByte(in: line.value) == nil, let pieces = URLPieces(Array(line.value)) else {
            throw .invalid(.url)
        }
        protocolName = String(decoding: pieces.scheme, as: UTF8.self)
        guard let host = String(validating: pieces.host, as: UTF8.self) else { throw .invalid(.url) }
        self.host = host

        let path = PercentEncoding.text(try Self.decode(Self.trimmed(pieces.path), line))
        self.path = path.isEmpty ? nil : path
        isAmbiguous = PathGrammar.isAmbiguous(encoded: pieces.path)

        let userinfo = pieces.userinfo?.split(
            separator: UInt8(ascii: ":"), maxSplits: 1, omittingEmptySubsequences: false)
        guard pieces.userinfo?.contains(UInt8(ascii: "@")) != true else { throw .invalid(.url) }
        username = try userinfo?.first.map { encoded throws(RequestError) in
            guard let name = String(validating: try Self.decode(encoded, line), as: UTF8.self) else {
                throw .invalid(.url)
            }
            return name
        }
        password = try userinfo?.dropFirst().first.map { encoded throws(RequestError) in
            Secret(try Self.decode(encoded, line))
        }
    }

    /// Refuses control characters that an escape hides: unescaped they are refused too (CVE-2020-5260).
    private static func decode(
        _ encoded: ArraySlice<UInt8>, _ line: AttributeLines.Line
    ) throws(RequestError) -> [UInt8] {
        guard let decoded = PercentEncoding.decode(encoded) else { throw .invalid(.url) }
        if let byte = decoded.first(where: AttributeLines.isControl) {
            throw .forbiddenByte(line: line.number, byte: byte)
        }
        return decoded
    }

    /// Removes the leading slash and the slashes at the end. A second leading slash stays: `//group` is not `/group`.
    private static func trimmed(_ path: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        guard let last = path.lastIndex(where: { $0 != PathGrammar.slash }) else { return [] }
        return path[...last].dropFirst()
    }
}
