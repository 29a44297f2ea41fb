/// Settings of one line each, with every line independent of the others: `~/.bazelrc`, `~/.npmrc`.
package struct LineSettings {
    private let text: String

    package init(_ text: String) {
        self.text = text
    }

    /// The lines without surrounding blanks; empty lines and comments are left out.
    package var lines: [Substring] {
        TextHabits.lines(of: text).map { $0.drop(while: Self.isBlank) }
            .map { line in line.dropLast(line.reversed().prefix(while: Self.isBlank).count) }
            .filter { !$0.isEmpty && !$0.hasPrefix("#") && !$0.hasPrefix(";") }
    }

    /// The text with `line` at its end, or the same text if the line is already there.
    ///
    /// - Parameters:
    ///   - rival: if a line sets the same setting to another value, returns the part that may be shown, perhaps empty;
    ///     otherwise nil.
    /// - Throws: ``SettingsProblem/taken(setting:value:)`` if there is such a line.
    package func adding(
        _ line: String, setting: String, rival: (Substring) -> String?
    ) throws(SettingsProblem) -> String {
        if lines.contains(Substring(line)) { return text }
        if let other = lines.lazy.compactMap(rival).first {
            throw .taken(setting: setting, value: other.isEmpty ? nil : other)
        }
        return TextHabits.appending([line], to: text)
    }

    /// The text with `key = value` in `[section]`, as Python's configparser reads it, or the same text if that is
    /// already there.
    ///
    /// - Throws: ``SettingsProblem/taken(setting:value:)`` if the key has another value.
    package func setting(_ key: String, of section: String, to value: String) throws(SettingsProblem) -> String {
        let all = TextHabits.lines(of: text)
        var (inside, header): (Bool, Int?) = (false, nil)
        for (index, line) in all.enumerated() {
            let line = line.drop(while: Self.isBlank)
            if line.hasPrefix("#") || line.hasPrefix(";") { continue }
            if line.hasPrefix("[") {
                inside = line.prefix { $0 != "]" } == "[" + section
                if inside, header == nil { header = index }
            } else if inside, let (name, there) = Self.pair(line), name == key {
                if there == value { return text }
                throw .taken(setting: "\(section).\(key)", value: there)
            }
        }
        if let header { return TextHabits.inserting("\(key) = \(value)", at: header + 1, into: text) }
        return TextHabits.appending((text.isEmpty ? [] : [""]) + ["[\(section)]", "\(key) = \(value)"], to: text)
    }

    /// A key and its value. pip treats `_` and `-` in a key as the same.
    private static func pair(_ line: Substring) -> (String, String)? {
        guard let mark = line.firstIndex(where: { $0 == "=" || $0 == ":" }) else { return nil }
        let name = line[..<mark].filter { !isBlank($0) }.lowercased().map { $0 == "_" ? "-" : $0 }
        let value = line[mark...].dropFirst().drop(while: isBlank)
        return (String(name), String(value.dropLast(value.reversed().prefix(while: isBlank).count)))
    }

    private static func isBlank(_ character: Character) -> Bool { character == " " || character == "\t" }
}
