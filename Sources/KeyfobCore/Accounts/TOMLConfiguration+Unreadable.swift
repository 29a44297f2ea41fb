extension TOMLConfiguration {
    /// Refuses text on which the parser fails. It takes NUL for the end of the file. It ends the whole process at a table
    /// header whose name begins with a wrong character (`[=`, `[[[`; known to its authors, marzer/tomlplusplus 301).
    ///
    /// A line that begins with a bracket counts as a header. It could be a part of an array, but no key has arrays in arrays.
    package func refuseUnreadable() throws(ConfigurationError) {
        let lines = text.utf8.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        for (index, line) in lines.enumerated() {
            if line.contains(0) || Self.hasEscapedNUL(line) { throw syntaxError(index + 1, "NUL has no place in it") }
            if !Self.isReadable(line) { throw syntaxError(index + 1, "a table's name must follow \"[\"") }
        }
        let bytes = Array(text.utf8)
        if let line = Self.lineOfStrayBrace(bytes) { throw syntaxError(line, "\"}\" is no value") }
        if let line = Self.lineOfDeepKey(bytes) {
            throw syntaxError(line, "a key has more than \(Self.mostParts) parts")
        }
    }

    /// The parser's strings end at NUL, so a value would lose what follows.
    private static func hasEscapedNUL(_ line: Substring.UTF8View) -> Bool {
        let text = String(Substring(line))
        return text.contains(#"\u0000"#) || text.contains(#"\U00000000"#)
    }

    /// The largest number of parts in a dotted key. The parser recurses for each, and a long key ends the whole process.
    private static let mostParts = 100

    /// The first line with more dots outside strings and comments than a key may have; nil if there is none.
    private static func lineOfDeepKey(_ bytes: [UInt8]) -> Int? {
        var (position, line, dots) = (0, 1, 0)
        while position < bytes.count {
            switch bytes[position] {
            case UInt8(ascii: "\n"): (line, dots) = (line + 1, 0)
            case UInt8(ascii: "#"):
                while position + 1 < bytes.count, bytes[position + 1] != UInt8(ascii: "\n") { position += 1 }
            case UInt8(ascii: "\""), UInt8(ascii: "'"):
                let end = endOfString(bytes, from: position)
                line += bytes[position..<end].count { $0 == UInt8(ascii: "\n") }
                position = end - 1
            case UInt8(ascii: "."):
                dots += 1
                if dots >= mostParts { return line }
            default: break
            }
            position += 1
        }
        return nil
    }

    /// The line of the first closing brace in the place of an array's value, outside strings and comments; nil if there is
    /// none. The parser ends the whole process at it too.
    private static func lineOfStrayBrace(_ bytes: [UInt8]) -> Int? {
        var (position, line, last) = (0, 1, UInt8(ascii: " "))
        while position < bytes.count {
            let byte = bytes[position]
            switch byte {
            case UInt8(ascii: "\n"): line += 1
            case UInt8(ascii: " "), UInt8(ascii: "\t"), UInt8(ascii: "\r"): break
            case UInt8(ascii: "#"):
                while position + 1 < bytes.count, bytes[position + 1] != UInt8(ascii: "\n") { position += 1 }
            case UInt8(ascii: "\""), UInt8(ascii: "'"):
                let end = endOfString(bytes, from: position)
                line += bytes[position..<end].count { $0 == UInt8(ascii: "\n") }
                (position, last) = (end - 1, byte)
            case UInt8(ascii: "}") where "[,".utf8.contains(last): return line
            default: last = byte
            }
            position += 1
        }
        return nil
    }

    /// The position after the string that begins at `start`; the end of the text if the string does not end.
    private static func endOfString(_ bytes: [UInt8], from start: Int) -> Int {
        let quote = bytes[start]
        let isLong = bytes[start...].starts(with: [quote, quote, quote])
        var position = start + (isLong ? 3 : 1)
        while position < bytes.count {
            if bytes[position] == UInt8(ascii: "\\"), quote == UInt8(ascii: "\"") {
                position += 2
            } else if !isLong, bytes[position] == quote || bytes[position] == UInt8(ascii: "\n") {
                return position + 1
            } else if isLong, bytes[position...].starts(with: [quote, quote, quote]) {
                // Up to two more quotes belong to the value.
                return position + 3 + bytes[(position + 3)...].prefix(2).prefix { $0 == quote }.count
            } else {
                position += 1
            }
        }
        return bytes.count
    }

    private func syntaxError(_ line: Int, _ words: String) -> ConfigurationError {
        ConfigurationError(file: file, line: line, key: nil, problem: .syntax(words))
    }

    private static func isReadable(_ line: Substring.UTF8View) -> Bool {
        // A byte order mark may stand before the first line.
        var rest = line.starts(with: [0xEF, 0xBB, 0xBF]) ? line.dropFirst(3) : line
        func skipBlanks() { rest = rest.drop { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\t") } }
        skipBlanks()
        guard rest.first == UInt8(ascii: "[") else { return true }
        rest = rest.dropFirst()
        skipBlanks()
        if rest.first == UInt8(ascii: "[") {
            rest = rest.dropFirst()
            skipBlanks()
        }
        // The parser itself refuses a wrong closing bracket.
        return rest.first.map { $0.isBareKeyByte || "\"']".utf8.contains($0) } ?? false
    }
}
