import Addresses
import Secrets

/// The address on which a browser ended, as people paste it.
///
/// Terminals wrap it into lines, people and programs put it into sentences, quotation marks, brackets or Markdown, and
/// browsers hide the scheme or write another one. A port that an editor forwards has another number. Some servers write
/// the response into the fragment. None of that decides.
struct PastedAddress {
    /// The queries that the text can mean, the most probable one first. Empty if it has the form of no response.
    let queries: [String]

    /// - Parameter path: the path of the redirect URI, `/` if that is empty. An address must have this path; a query
    ///   alone has none.
    init(_ pasted: Secret, path: String) {
        let lines = String(decoding: pasted.exposedBytes, as: UTF8.self).utf8
            .split { $0 == 0x0A || $0 == 0x0D }.map { Self.trimmed(Substring($0)) }
        let wrapped = [lines[...], lines.drop { $0.firstRange(of: "://") == nil }].map { $0.joined() }
        let texts = lines.count > 1 ? wrapped + lines : lines
        queries = (texts.flatMap(Self.words) + texts).flatMap { Self.queries(of: $0, path: path) }
    }

    /// The words of a text that may be an address, without the punctuation around them. A browser's address does not end
    /// with any of it.
    private static func words(in text: String) -> [String] {
        // Between the text and the address of a link in Markdown.
        let words = text.replacingBytes(of: "](", with: " ").unicodeScalars.split(whereSeparator: isAround)
        return words.map { word in
            let word = String(word)
            let open = word.begins(with: "[::1]") ? 0 : word.utf8.prefix { "([{*".utf8.contains($0) }.count
            let close = word.utf8.reversed().prefix { ".,;:)]}\\".utf8.contains($0) }.count
            return String(Substring(word.utf8.dropFirst(open).dropLast(close)))
        }
    }

    /// The query and the fragment of an address, or a query alone, without its question mark. A code alone may have equals
    /// signs, but no parameter.
    private static func queries(of text: String, path: String) -> [String] {
        let text = text.replacingBytes(of: "&amp;", with: "&")
        let head = text.utf8.prefix { $0 != UInt8(ascii: "?") && $0 != UInt8(ascii: "#") }
        let rest = text.utf8.dropFirst(head.count)
        guard !rest.isEmpty else { return AuthorizationResponse(query: text).hasAnyParameter ? [text] : [] }
        guard isOurs(Substring(head), path: path) else { return [] }
        let parts = String(Substring(rest.dropFirst())).parts(at: "#", maxSplits: 1).map(String.init)
        return parts.prefix(1) + parts.dropFirst().filter { AuthorizationResponse(query: $0).hasAnyParameter }
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
        let given = String(Substring(rest.utf8.dropFirst(host.count)))
        let isOurPath = ResourceIdentifier.withoutLastSlash(given)
            .isSame(as: ResourceIdentifier.withoutLastSlash(path))
        return name.isEmpty ? scheme.isEmpty && (given.isEmpty || isOurPath) : isLoopback && isOurPath
    }

    /// The text without what may stand around an address.
    private static func trimmed(_ text: Substring) -> String {
        let scalars = text.unicodeScalars.drop(while: isAround)
        guard let end = scalars.lastIndex(where: { !isAround($0) }) else { return "" }
        return String(Substring(scalars[...end]))
    }

    /// Whether no address holds this: blanks, quotation marks, angle brackets and invisible characters.
    private static func isAround(_ scalar: Unicode.Scalar) -> Bool {
        !scalar.isASCII || scalar.value <= 0x20 || "\"'`<>\u{7F}".unicodeScalars.contains(scalar)
    }
}
