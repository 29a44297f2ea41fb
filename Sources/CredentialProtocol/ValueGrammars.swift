import Addresses

/// The characters of a `token` (RFC 9110 section 5.6.2).
enum TokenGrammar {
    static func isTokenCharacter(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "z"),
            UInt8(ascii: "A")...UInt8(ascii: "Z"):
            true
        default: "!#$%&'*+-.^_`|~".utf8.contains(byte)
        }
    }
}

/// The value of `scope`: scope tokens with one space between them (RFC 6749 section 3.3).
enum ScopeGrammar {
    /// Returns nil if a token is malformed. An empty value means no scopes.
    static func tokens(of value: ArraySlice<UInt8>) -> [String]? {
        guard !value.isEmpty else { return [] }
        let tokens = value.split(separator: UInt8(ascii: " "), omittingEmptySubsequences: false)
        guard tokens.allSatisfy({ !$0.isEmpty && $0.allSatisfy(isScopeCharacter) }) else { return nil }
        return tokens.map { String(decoding: $0, as: UTF8.self) }
    }

    /// Whether `text` is one scope token.
    static func isScope(_ text: String) -> Bool { !text.isEmpty && text.utf8.allSatisfy(isScopeCharacter) }

    private static func isScopeCharacter(_ byte: UInt8) -> Bool {
        (0x21...0x7E).contains(byte) && byte != UInt8(ascii: "\"") && byte != UInt8(ascii: "\\")
    }
}

/// The value of `resource`: an absolute URI without a fragment (RFC 8707 section 2).
enum ResourceGrammar {
    static func isResource(_ value: ArraySlice<UInt8>) -> Bool {
        guard let colon = value.firstIndex(of: UInt8(ascii: ":")), colon + 1 < value.endIndex else { return false }
        return URLPieces.isScheme(value[..<colon])
            && value.allSatisfy { (0x21...0x7E).contains($0) && !"#\"<>\\^`{|}".utf8.contains($0) }
    }
}

/// A boolean as git reads one (git-config(1), "Values"): a word, or a number other than 0.
enum GitBoolean {
    static func value(of bytes: ArraySlice<UInt8>) -> Bool? {
        switch String(decoding: bytes, as: UTF8.self).lowercased() {
        case "true", "yes", "on": true
        case "false", "no", "off", "": false
        case let text: Int32(text).map { $0 != 0 }
        }
    }
}
