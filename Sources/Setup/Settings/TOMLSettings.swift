import KeyfobCore
import Secrets
import TOMLKit

/// Settings in TOML. One key is set, and every other byte stays.
package struct TOMLSettings {
    private let text: String

    package init(_ text: String) throws(SettingsProblem) {
        self.text = text
        _ = try Self.parse(text)
    }

    /// Sets `key` of `table`, or of the root table if `table` is nil. Returns nil if the key already has that value.
    ///
    /// - Parameter value: as TOML text: a string or an array of strings.
    /// - Throws: ``SettingsProblem/taken(setting:value:)`` if the key has another value.
    package func setting(_ key: String, of table: String?, to value: String) throws(SettingsProblem) -> TextEdit? {
        let name = (table.map { $0 + "." } ?? "") + key
        let root = try Self.parse(text)
        let wanted = try Self.parse("value = " + value)
        defer { extendLifetime((root, wanted)) }  // the values below point into them
        if let present = table == nil ? root[key] : root[table ?? ""]?.table?[key] {
            guard let values = Self.strings(present) else { throw .unusual(setting: name) }
            if let wanted = wanted["value"].flatMap(Self.strings), values == wanted { return nil }
            throw .taken(setting: name, value: values.joined(separator: ", "))
        }
        let isThere = table.map { root[$0] != nil } ?? true
        let edit = try insertion("\(key) = \(value)", table, isThere: isThere, name)
        try compare(edit.text, key, table, name)
        return edit
    }

    private func insertion(
        _ line: String, _ table: String?, isThere: Bool, _ name: String
    ) throws(SettingsProblem) -> TextEdit {
        let text = TextLines(text)
        let lines = text.lines.map { Substring($0.utf8.drop { $0 == 0x20 || $0 == 0x09 }) }
        guard let table else {
            // Before the first key or table, after the comments at the head of the file.
            let index = lines.firstIndex { !$0.begins(with: "#") && !$0.isEmpty } ?? lines.count
            return text.inserting(line, at: index)
        }
        let header = "[\(table)]"
        if let index = lines.firstIndex(where: { Self.isHeader($0, header) }) {
            return text.inserting(line, at: index + 1)
        }
        guard !isThere else { throw .unusual(setting: name) }
        return text.appending((lines.isEmpty ? [] : [""]) + [header, line])
    }

    private static func isHeader(_ line: Substring, _ header: String) -> Bool {
        guard line.begins(with: header) else { return false }
        let rest = line.utf8.dropFirst(header.utf8.count).drop { $0 == 0x20 || $0 == 0x09 }
        return rest.isEmpty || rest.first == UInt8(ascii: "#")
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
