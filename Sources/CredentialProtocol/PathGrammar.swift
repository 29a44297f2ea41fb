/// Paths that programs read in more than one way.
///
/// One program takes `group%2F..%2Fother` for one segment, another one resolves it to `other`. A path like that is
/// below no other path, whatever its text looks like.
package enum PathGrammar {
    /// Whether a percent-decoded path has more than one reading: it holds a backslash, a dot segment, also before a path
    /// parameter (`..;x`), or an escape of a separator, of a dot or of the lead byte of an overlong form.
    package static func isAmbiguous(_ path: String) -> Bool { isAmbiguous(decoded: Array(path.utf8)) }

    /// Whether a path as it stands in a URL has more than one reading: as ``isAmbiguous(_:)``, or because it holds `%2F`
    /// or `%5C`, or an escape without its two digits.
    static func isAmbiguous(encoded path: ArraySlice<UInt8>) -> Bool {
        guard let decoded = PercentEncoding.decode(path) else { return true }
        // As text: bytes that are no UTF-8 are escaped again there.
        return holdsEscape(of: [slash, backslash], in: Array(path)) || isAmbiguous(PercentEncoding.text(decoded))
    }

    private static func isAmbiguous(decoded path: [UInt8]) -> Bool {
        path.contains(backslash) || path.split(separator: slash).contains(where: isDotSegment)
            || holdsEscape(of: [slash, backslash, dot] + overlongLeads, in: path)
    }

    /// RFC 3986 section 5.2.4; some servers cut a segment at `;` first.
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

    static let slash = UInt8(ascii: "/")
    private static let backslash = UInt8(ascii: "\\")
    private static let dot = UInt8(ascii: ".")
    /// The bytes with which `/`, `\` and `.` begin where somebody has written them in two, three or four bytes.
    private static let overlongLeads: [UInt8] = [0xC0, 0xC1, 0xE0, 0xF0]
}
