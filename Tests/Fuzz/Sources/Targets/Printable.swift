import OAuth

/// Whether a text is safe on a terminal, in a line and in a header field. It must not move the cursor, end the line or
/// change the direction of writing. This function does not use the code under test.
func isPlain(_ text: String) -> Bool {
    text.unicodeScalars.allSatisfy { scalar in
        switch scalar.value {
        case 0..<0x20, 0x7F..<0xA0, 0x061C, 0x200B...0x200F, 0x2028...0x202E, 0x2066...0x2069, 0xFEFF: false
        default: true
        }
    }
}

/// Visible ASCII without spaces.
func isVisible(_ bytes: some Sequence<UInt8>) -> Bool {
    bytes.allSatisfy { (0x21...0x7E).contains($0) }
}

/// RFC 6749 section 3.3.
func isScope(_ text: String) -> Bool {
    !text.isEmpty && isVisible(text.utf8) && !text.utf8.contains(UInt8(ascii: "\"")) && !text.contains("\\")
}

/// Checks that every text in an error, at any depth, is safe to show.
func requirePlain(_ error: any Error) throws {
    func walk(_ value: Any) throws {
        if let text = value as? String {
            try require(isPlain(text), "an error with control characters: \(text.debugDescription)")
            try require(text.unicodeScalars.count <= 4096, "an error with a very long text")
        }
        for child in Mirror(reflecting: value).children { try walk(child.value) }
    }
    try walk(error)
}
