import Addresses
import Secrets

/// The address on which a browser ended, as people paste it.
///
/// Terminals wrap it into lines, chat programs put it into quotation marks or angle brackets, and browsers hide the
/// scheme or write another one. A port that an editor forwards has another number. None of that decides.
struct PastedAddress {
    /// The queries that the text can mean, the most probable one first. Empty if it has the form of no response.
    let queries: [String]

    /// - Parameter path: the path of the redirect URI, `/` if that is empty. An address must have this path; a query
    ///   alone has none.
    init(_ pasted: Secret, path: String) {
        let lines = String(decoding: pasted.exposedBytes, as: UTF8.self).utf8
            .split { $0 == 0x0A || $0 == 0x0D }.map { Self.trimmed(Substring($0)) }
        let texts = lines.count > 1 ? [lines.joined()] + lines : lines
        queries = texts.compactMap { Self.query(of: $0, path: path) }
    }

    private static func query(of text: String, path: String) -> String? {
        let word = text.utf8.prefix { $0 != UInt8(ascii: " ") && $0 != UInt8(ascii: "\t") && $0 != UInt8(ascii: "#") }
        let parts = String(Substring(word)).replacingBytes(of: "&amp;", with: "&").parts(at: "?", maxSplits: 1)
        guard parts.count == 2 else {
            // A query alone, without its question mark. A code alone may have equals signs, but no parameter.
            let query = String(parts.first ?? "")
            return AuthorizationResponse(query: query).hasAnyParameter ? query : nil
        }
        guard isOurs(parts[0], path: path) else { return nil }
        return String(parts[1])
    }

    /// Whether the text before the query is empty, our path, or our path on a loopback host.
    private static func isOurs(_ text: Substring, path: String) -> Bool {
        let lowercased = String(text).asciiLowercased
        let scheme = ["http://", "https://"].first { lowercased.begins(with: $0) } ?? ""
        let rest = Substring(text.utf8.dropFirst(scheme.utf8.count))
        let host = rest.utf8.prefix { $0 != UInt8(ascii: "/") }
        let name = String(Substring(host)).asciiLowercased
        let isLoopback = ["127.0.0.1", "localhost", "[::1]"].contains { loopback in
            guard name.begins(with: loopback) else { return false }
            let port = name.utf8.dropFirst(loopback.utf8.count)
            return port.isEmpty || (port.first == UInt8(ascii: ":") && port.dropFirst().allSatisfy(ASCII.isDigit))
        }
        let given = Substring(rest.utf8.dropFirst(host.count))
        if name.isEmpty { return scheme.isEmpty && (given.isEmpty || given.isSame(as: path)) }
        return isLoopback && (given.isSame(as: path) || (given.isEmpty && path.isSame(as: "/")))
    }

    /// The text without what people and programs put around an address: blanks, quotation marks, angle brackets and
    /// invisible characters. A browser's address does not end with any of them.
    private static func trimmed(_ text: Substring) -> String {
        func isAround(_ scalar: Unicode.Scalar) -> Bool {
            !scalar.isASCII || scalar.value <= 0x20 || "\"'`<>\u{7F}".unicodeScalars.contains(scalar)
        }
        let scalars = text.unicodeScalars.drop(while: isAround)
        guard let end = scalars.lastIndex(where: { !isAround($0) }) else { return "" }
        return String(Substring(scalars[...end]))
    }
}
