/// Settings in HCL, such as `~/.terraformrc` and `~/.vault`. One statement is added at the end.
///
/// The parser understands only the outermost level: names, labels and the ends of bodies. That is enough to see whether
/// a statement of a name exists. If even that cannot be seen, the file is left alone.
package struct HCLSettings {
    private let text: String
    private let statements: [Statement]

    /// One statement of the outermost level.
    package struct Statement: Equatable {
        /// Such as `credentials_helper` or `token_helper`.
        package var name: String
        /// The strings after the name, or the one string after the equals sign.
        package var strings: [String]
    }

    package init(_ text: String) throws(SettingsProblem) {
        // The same programs also read JSON, but nothing can be added after a JSON object.
        let first = text.utf8.first { ![0x20, 0x09, 0x0A, 0x0D].contains($0) }
        guard first != UInt8(ascii: "{") else { throw .malformed(format: "HCL") }
        self.text = text
        statements = try Self.statements(of: text)
    }

    /// The text with `line` at its end, or the same text if it already holds that statement.
    ///
    /// - Throws: ``SettingsProblem/taken(setting:value:)`` if it holds another statement of the same name.
    package func adding(_ line: String) throws(SettingsProblem) -> String {
        guard let wanted = try Self.statements(of: line).first else { throw .malformed(format: "HCL") }
        if let there = statements.first(where: { $0.name == wanted.name }) {
            if there == wanted { return text }
            throw .taken(setting: wanted.name, value: there.strings.joined(separator: " "))
        }
        let changed = TextHabits.appending([line], to: text)
        guard try Self.statements(of: changed) == statements + [wanted] else { throw .notAlone(setting: wanted.name) }
        return changed
    }

    private static func statements(of text: String) throws(SettingsProblem) -> [Statement] {
        var reader = Reader(bytes: Array(text.utf8))
        var found: [Statement] = []
        while let token = try reader.next() {
            switch token {
            case .word(let name): found.append(Statement(name: name, strings: []))
            case .string(let string):
                guard !found.isEmpty else { throw .malformed(format: "HCL") }
                found[found.count - 1].strings.append(string)
            }
        }
        return found
    }

    private enum Token {
        case word(String)
        case string(String)
    }

    /// Reads names and strings of the outermost level, and skips comments, numbers and bodies.
    private struct Reader {
        let bytes: [UInt8]
        var position = 0
        /// Whether a value comes next: a word there is not a name.
        var isBehindEquals = false

        mutating func next() throws(SettingsProblem) -> Token? {
            var depth = 0
            while position < bytes.count {
                let byte = bytes[position]
                switch byte {
                case UInt8(ascii: "#"): skipLine()
                case UInt8(ascii: "/"): try skipComment()
                case UInt8(ascii: "<") where starts(with: "<<"): throw .unusual(setting: "<<")
                case UInt8(ascii: "\""):
                    let string = try readString()
                    if depth == 0 {
                        isBehindEquals = false
                        return .string(string)
                    }
                case UInt8(ascii: "{"), UInt8(ascii: "["):
                    depth += 1
                    position += 1
                case UInt8(ascii: "}"), UInt8(ascii: "]"):
                    depth -= 1
                    position += 1
                    if depth < 0 { throw .malformed(format: "HCL") }
                    isBehindEquals = false
                case UInt8(ascii: "="):
                    if depth == 0 { isBehindEquals = true }
                    position += 1
                case _ where byte.isBareKeyByte:
                    let word = readWord()
                    if depth == 0, isBehindEquals { isBehindEquals = false } else if depth == 0 { return .word(word) }
                case 0x20, 0x09, 0x0A, 0x0D, UInt8(ascii: ","), UInt8(ascii: "."), UInt8(ascii: ":"): position += 1
                default:
                    guard depth > 0 else { throw .malformed(format: "HCL") }
                    position += 1
                }
            }
            guard depth == 0 else { throw .malformed(format: "HCL") }
            return nil
        }

        private func starts(with text: String) -> Bool { bytes[position...].starts(with: text.utf8) }

        private mutating func skipLine() {
            while position < bytes.count, bytes[position] != 0x0A { position += 1 }
        }

        private mutating func skipComment() throws(SettingsProblem) {
            if starts(with: "//") { return skipLine() }
            guard starts(with: "/*") else { throw .malformed(format: "HCL") }
            position += 2
            while !starts(with: "*/") {
                position += 1
                if position >= bytes.count { throw .malformed(format: "HCL") }
            }
            position += 2
        }

        private mutating func readString() throws(SettingsProblem) -> String {
            let start = position + 1
            position = start
            while position < bytes.count, bytes[position] != UInt8(ascii: "\"") {
                if bytes[position] == 0x0A { throw .malformed(format: "HCL") }
                position += bytes[position] == UInt8(ascii: "\\") ? 2 : 1
            }
            guard position < bytes.count else { throw .malformed(format: "HCL") }
            defer { position += 1 }
            return String(decoding: bytes[start..<position], as: UTF8.self)
        }

        private mutating func readWord() -> String {
            let start = position
            while position < bytes.count, bytes[position].isBareKeyByte { position += 1 }
            return String(decoding: bytes[start..<position], as: UTF8.self)
        }
    }
}
