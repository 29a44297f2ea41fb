import Secrets

/// Settings of one line each, with every line independent of the others: `~/.bazelrc`, `~/.npmrc`.
package struct LineSettings {
    private let text: TextLines

    package init(_ text: String) {
        self.text = TextLines(text)
    }

    /// The lines without surrounding blanks; empty lines and comments are left out.
    private var settings: [Substring] {
        text.lines.map(Self.trimmed).filter { !$0.isEmpty && !$0.begins(with: "#") && !$0.begins(with: ";") }
    }

    /// Whether one of the settings is `line`.
    package func has(_ line: String) -> Bool { settings.contains { $0.isSame(as: line) } }

    /// Adds `line` at the end. Returns nil if the line is already there.
    ///
    /// - Parameters:
    ///   - rival: if a line sets the same setting to another value, returns the part that may be shown, perhaps empty;
    ///     otherwise nil.
    /// - Throws: ``SettingsProblem/taken(setting:value:)`` if there is such a line.
    package func adding(
        _ line: String, setting: String, rival: (Substring) -> String?
    ) throws(SettingsProblem) -> TextEdit? {
        if has(line) { return nil }
        if let other = settings.lazy.compactMap(rival).first {
            throw .taken(setting: setting, value: other.isEmpty ? nil : other)
        }
        return text.appending([line])
    }

    /// Sets `key = value` in `[section]`, as Python's configparser reads it. Returns nil if that is already there.
    ///
    /// - Throws: ``SettingsProblem/taken(setting:value:)`` if the key has another value.
    package func setting(_ key: String, of section: String, to value: String) throws(SettingsProblem) -> TextEdit? {
        var (inside, header): (Bool, Int?) = (false, nil)
        for (index, line) in text.lines.map(Self.trimmed).enumerated() {
            if line.begins(with: "#") || line.begins(with: ";") { continue }
            if line.begins(with: "[") {
                inside = line.begins(with: "[\(section)]")
                if inside, header == nil { header = index }
            } else if inside, let (name, present) = Self.pair(line), name.isSame(as: key) {
                if present.isSame(as: value) { return nil }
                throw .taken(setting: "\(section).\(key)", value: String(present))
            }
        }
        if let header { return text.inserting("\(key) = \(value)", at: header + 1) }
        return text.appending((text.lines.isEmpty ? [] : [""]) + ["[\(section)]", "\(key) = \(value)"])
    }

    /// A key and its value. pip treats `_` and `-` in a key as the same.
    private static func pair(_ line: Substring) -> (name: String, value: Substring)? {
        guard let mark = line.utf8.firstIndex(where: { $0 == UInt8(ascii: "=") || $0 == UInt8(ascii: ":") })
        else { return nil }
        let name = trimmed(line[..<mark]).asciiLowercased.parts(at: "_").joined(separator: "-")
        return (name, trimmed(line[line.utf8.index(after: mark)...]))
    }

    private static func trimmed(_ text: Substring) -> Substring {
        let rest = text.utf8.drop(while: isBlank)
        return Substring(rest.dropLast(rest.reversed().prefix(while: isBlank).count))
    }

    private static func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 }
}
