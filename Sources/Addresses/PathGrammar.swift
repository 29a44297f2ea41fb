/// Detects paths that different programs read differently.
///
/// For example, one program reads `group%2F..%2Fother` as one segment, and another one resolves it to `other`. Such a
/// path is not below another path, even if its text begins with the other one's.
package enum PathGrammar {
    /// Whether a percent-decoded path is ambiguous. An ambiguous path holds at least one of these:
    ///
    /// - a backslash,
    /// - a dot segment, also before a path parameter (`..;x`),
    /// - an escape of a separator, of a dot or of the first byte of an overlong form.
    package static func isAmbiguous(_ path: String) -> Bool { isAmbiguous(decoded: Array(path.utf8)) }

    /// Whether a path as written in a URL is ambiguous. The reasons are those of ``isAmbiguous(_:)``, and also `%2F`,
    /// `%5C` or an escape without its two digits.
    package static func isAmbiguous(encoded path: ArraySlice<UInt8>) -> Bool {
        guard let decoded = PercentEncoding.decode(path) else { return true }
        // Check the decoded path as text: there, bytes that are not UTF-8 are escaped again.
        return holdsEscape(of: [slash, backslash], in: Array(path)) || isAmbiguous(PercentEncoding.text(decoded))
    }

    private static func isAmbiguous(decoded path: [UInt8]) -> Bool {
        path.contains(backslash) || path.split(separator: slash).contains(where: isDotSegment)
            || holdsEscape(of: [slash, backslash, dot] + overlongLeads, in: path)
    }

    /// `.` or `..` (RFC 3986 section 5.2.4). Some servers cut a segment at `;` first.
    private static func isDotSegment(_ segment: ArraySlice<UInt8>) -> Bool {
        let name = segment.prefix { $0 != UInt8(ascii: ";") }
        return name.elementsEqual([dot]) || name.elementsEqual([dot, dot])
    }

    private static func holdsEscape(of bytes: [UInt8], in path: [UInt8]) -> Bool {
        path.indices.contains { index in
            guard path[index] == UInt8(ascii: "%"), index + 2 < path.count,
                let escaped = PercentEncoding.decode(path[index...(index + 2)])?.first
            else { return false }
            return bytes.contains(escaped)
        }
    }

    package static let slash = UInt8(ascii: "/")
    private static let backslash = UInt8(ascii: "\\")
    private static let dot = UInt8(ascii: ".")
    /// The first bytes of overlong forms: `/`, `\` and `.` written in two, three or four bytes.
    private static let overlongLeads: [UInt8] = [0xC0, 0xC1, 0xE0, 0xF0]
}
