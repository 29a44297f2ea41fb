import TOMLKit

/// Settings in TOML. One key is set, and every other byte stays.
package struct TOMLSettings {
    private let text: String

    package init(_ text: String) throws(SettingsProblem) {
        self.text = text
        _ = try Self.parse(text)
    }

    /// The text with `value` for `key` of `table`, or of the root table if `table` is nil. Returns the same text if the
    /// key already has that value.
    ///
    /// - Parameter value: as TOML text: a string or an array of strings.
    /// - Throws: ``SettingsProblem/taken(setting:value:)`` if the key has another value.
    package func setting(_ key: String, of table: String?, to value: String) throws(SettingsProblem) -> String {
        let name = (table.map { $0 + "." } ?? "") + key
        let root = try Self.parse(text)
        let wanted = try Self.parse("value = " + value)
        defer { extendLifetime((root, wanted)) }  // the values below point into them
        if let there = table == nil ? root[key] : root[table ?? ""]?.table?[key] {
            guard let values = Self.strings(there) else { throw .unusual(setting: name) }
            if let wanted = wanted["value"].flatMap(Self.strings), values == wanted { return text }
            throw .taken(setting: name, value: values.joined(separator: ", "))
        }
        let changed = try inserting("\(key) = \(value)", table, isThere: table.map { root[$0] != nil } ?? true, name)
        try compare(changed, key, table, name)
        return changed
    }

    private func inserting(
        _ line: String, _ table: String?, isThere: Bool, _ name: String
    ) throws(SettingsProblem) -> String {
        let lines = TextHabits.lines(of: text).map { $0.drop { $0 == " " || $0 == "\t" } }
        guard let table else {
            // Before the first key or table, after the comments at the head of the file.
            let index = lines.firstIndex { !$0.hasPrefix("#") && !$0.isEmpty } ?? lines.count
            return TextHabits.inserting(line, at: index, into: text)
        }
        let header = "[\(table)]"
        if let index = lines.firstIndex(where: { Self.isHeader($0, header) }) {
            return TextHabits.inserting(line, at: index + 1, into: text)
        }
        guard !isThere else { throw .unusual(setting: name) }
        return TextHabits.appending((text.isEmpty ? [] : [""]) + [header, line], to: text)
    }

    private static func isHeader(_ line: Substring, _ header: String) -> Bool {
        guard line.hasPrefix(header) else { return false }
        let rest = line.dropFirst(header.count).drop { $0 == " " || $0 == "\t" }
        return rest.isEmpty || rest.hasPrefix("#")
    }

    /// Checks that only the key is new, and perhaps its table.
    private func compare(
        _ changed: String, _ key: String, _ table: String?, _ name: String
    ) throws(SettingsProblem) {
        let (before, after) = (try Self.parse(text), try Self.parse(changed))
        if let table {
            guard let inner = after[table]?.table, inner[key] != nil else { throw .notAlone(setting: name) }
            _ = inner.remove(at: key)
            if before[table] == nil { _ = after.remove(at: table) }
        } else {
            guard after[key] != nil else { throw .notAlone(setting: name) }
            _ = after.remove(at: key)
        }
        guard before.convert(to: .toml) == after.convert(to: .toml) else { throw .notAlone(setting: name) }
    }

    private static func strings(_ value: any TOMLValueConvertible) -> [String]? {
        if let text = value.string { return [text] }
        guard let array = value.array else { return nil }
        let texts = array.compactMap(\.string)
        return texts.count == array.count ? texts : nil
    }

    private static func parse(_ text: String) throws(SettingsProblem) -> TOMLTable {
        do {
            try TOMLConfiguration(text, file: "").refuseUnreadable()
            return try TOMLTable(string: text)
        } catch {
            throw .malformed(format: "TOML")
        }
    }
}
