/// A URL split as RFC 3986 section 3 defines it, without decoding or validation.
package struct URLPieces {
    package let scheme: ArraySlice<UInt8>
    /// The text before the last `@` of the authority; nil if there is no `@`.
    package let userinfo: ArraySlice<UInt8>?
    /// `host[:port]`.
    package let host: ArraySlice<UInt8>
    /// Includes the leading slash; excludes query and fragment.
    package let path: ArraySlice<UInt8>
    /// Query and fragment, with the `?` or `#` before them; empty if there are none.
    package let tail: ArraySlice<UInt8>

    /// Returns nil if there is no `scheme://`.
    package init?(_ bytes: [UInt8]) {
        guard let colon = bytes.firstIndex(of: UInt8(ascii: ":")), Self.isScheme(bytes[..<colon]),
            bytes[(colon + 1)...].starts(with: "//".utf8)
        else { return nil }
        scheme = bytes[..<colon]

        let hierarchy = bytes[(colon + 3)...]
        let end = hierarchy.firstIndex { $0 == UInt8(ascii: "?") || $0 == UInt8(ascii: "#") } ?? hierarchy.endIndex
        tail = hierarchy[end...]
        let slash = hierarchy[..<end].firstIndex(of: UInt8(ascii: "/")) ?? end
        path = hierarchy[slash..<end]

        let authority = hierarchy[..<slash]
        let at = authority.lastIndex(of: UInt8(ascii: "@"))
        userinfo = at.map { authority[..<$0] }
        host = at.map { authority[($0 + 1)...] } ?? authority
    }

    /// Returns the first byte that a URL may not hold and that programs treat differently; nil if there is none. It is
    /// a control character (some programs strip it), a space, or a backslash (some programs read it as a slash).
    package static func forbiddenByte(in bytes: some Sequence<UInt8>) -> UInt8? {
        bytes.first { ASCII.isControl($0) || $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\\") }
    }

    /// RFC 3986 section 3.1.
    package static func isScheme(_ text: ArraySlice<UInt8>) -> Bool {
        guard let first = text.first, ASCII.isLetter(first) else { return false }
        return text.allSatisfy { byte in
            ASCII.isLetter(byte) || ASCII.isDigit(byte) || "+-.".utf8.contains(byte)
        }
    }
}
