/// Settings of a line each, where a line has its meaning alone: `~/.bazelrc`, `~/.npmrc`.
package struct LineSettings {
    private let text: String

    package init(_ text: String) {
        self.text = text
    }

    /// The lines without blanks around them; comments are left out.
    package var lines: [Substring] {
        TextHabits.lines(of: text).map { $0.drop(while: Self.isBlank) }
            .map { line in line.dropLast(line.reversed().prefix(while: Self.isBlank).count) }
            .filter { !$0.isEmpty && !$0.hasPrefix("#") && !$0.hasPrefix(";") }
    }

    /// The text with `line` at its end; the same text where it is there already.
    ///
    /// - Parameters:
    ///   - rival: whether another line says something else about the same thing; its part that may be shown, if any.
    package func adding(
        _ line: String, setting: String, rival: (Substring) -> String?
    ) throws(SettingsProblem) -> String {
        if lines.contains(Substring(line)) { return text }
        if let other = lines.lazy.compactMap(rival).first {
            throw .taken(setting: setting, value: other.isEmpty ? nil : other)
        }
        return TextHabits.appending([line], to: text)
    }

    /// The text with `key = value` in `[section]`, as Python's configparser reads it; the same where it is there already.
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

    /// A key, in which `_` and `-` are one to pip, and its value.
    private static func pair(_ line: Substring) -> (String, String)? {
        guard let mark = line.firstIndex(where: { $0 == "=" || $0 == ":" }) else { return nil }
        let name = line[..<mark].filter { !isBlank($0) }.lowercased().map { $0 == "_" ? "-" : $0 }
        let value = line[mark...].dropFirst().drop(while: isBlank)
        return (String(name), String(value.dropLast(value.reversed().prefix(while: isBlank).count)))
    }

    private static func isBlank(_ character: Character) -> Bool { character == " " || character == "\t" }
}
