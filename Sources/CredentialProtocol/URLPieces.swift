/// A URL split as RFC 3986 section 3 defines it, without decoding or validation.
struct URLPieces {
    let scheme: ArraySlice<UInt8>
    /// The text before the last `@` of the authority; nil if there is no `@`.
    let userinfo: ArraySlice<UInt8>?
    /// `host[:port]`.
    let host: ArraySlice<UInt8>
    /// Includes the leading slash; excludes query and fragment.
    let path: ArraySlice<UInt8>
    let hasQueryOrFragment: Bool

    /// Returns nil if there is no `scheme://`.
    init?(_ bytes: [UInt8]) {
        guard let colon = bytes.firstIndex(of: UInt8(ascii: ":")), Self.isScheme(bytes[..<colon]),
            bytes[(colon + 1)...].starts(with: "//".utf8)
        else { return nil }
        scheme = bytes[..<colon]

        let hierarchy = bytes[(colon + 3)...]
        let end = hierarchy.firstIndex { $0 == UInt8(ascii: "?") || $0 == UInt8(ascii: "#") } ?? hierarchy.endIndex
        hasQueryOrFragment = end != hierarchy.endIndex
        let slash = hierarchy[..<end].firstIndex(of: UInt8(ascii: "/")) ?? end
        path = hierarchy[slash..<end]

        let authority = hierarchy[..<slash]
        let at = authority.lastIndex(of: UInt8(ascii: "@"))
        userinfo = at.map { authority[..<$0] }
        host = at.map { authority[($0 + 1)...] } ?? authority
    }

    /// Returns the first byte that a URL may not hold and that programs treat differently; nil if there is none. It is
    /// a control character (some programs strip it), a space, or a backslash (some programs read it as a slash).
    static func forbiddenByte(in bytes: some Sequence<UInt8>) -> UInt8? {
        bytes.first { AttributeLines.isControl($0) || $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\\") }
    }

    /// RFC 3986 section 3.1.
    static func isScheme(_ text: ArraySlice<UInt8>) -> Bool {
        guard let first = text.first, isLetter(first) else { return false }
        return text.allSatisfy { byte in
            isLetter(byte) || HostGrammar.isDigit(byte) || "+-.".utf8.contains(byte)
        }
    }

    private static func isLetter(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"): true
        default: false
        }
    }
}
