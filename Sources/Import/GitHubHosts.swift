import CredentialProtocol
import Secrets

/// The content of gh's `hosts.yml`: the users of each host, with their tokens if those are not in the keyring.
///
/// The parser reads only the form that gh writes: maps of plain or quoted words, nested by indentation. It skips an entry
/// in any other YAML, with everything below it, and reports its line. The other entries are read.
struct GitHubHosts {
    /// A host and the users who are signed in there.
    struct Host: Equatable {
        var name: String
        var users: [User] = []
    }

    /// A user of a host; the name is nil for a token whose owner gh does not know.
    struct User: Equatable {
        var name: String?
        var token: String?
        var line: Int
    }

    /// One `key: value`, or a `key:` with entries below it.
    private struct Entry {
        /// nil if the line does not have that form.
        var key: String?
        var value: String?
        var indentation: Int
        var line: Int
    }

    let hosts: [Host]
    /// The numbers of the lines that do not have that form.
    let oddLines: [Int]

    init(_ bytes: [UInt8]) {
        var entries: [Entry] = []
        var number = 0
        // Split by bytes, because Swift treats CR LF as one character that is not LF.
        for bytes in bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false) {
            number += 1
            let bytes = bytes.last == UInt8(ascii: "\r") ? bytes.dropLast() : bytes
            let line = String(decoding: bytes, as: UTF8.self)
            if let entry = Self.entry(line[...], number) { entries.append(entry) }
        }
        var odd: [Int] = []
        hosts = Self.children(entries[...], &odd).compactMap { name, entry, below in
            guard entry.value == nil else {
                odd.append(entry.line)
                return nil
            }
            return Host(name: name, users: Self.users(below, &odd))
        }
        oddLines = odd.sorted()
    }

    /// The users in a host's entries: those below `users`, and the single user of older versions of gh.
    private static func users(_ entries: ArraySlice<Entry>, _ odd: inout [Int]) -> [User] {
        let members = children(entries, &odd)
        func value(_ key: String) -> Entry? { members.first { $0.key == key }?.entry }
        var users: [User] = []
        for (key, _, below) in members where key == "users" {
            for (name, user, settings) in children(below, &odd) {
                let token = children(settings, &odd).first { $0.key == "oauth_token" }?.entry
                users.append(User(name: name, token: token?.value, line: token?.line ?? user.line))
            }
        }
        if let token = value("oauth_token"), !users.contains(where: { $0.token == token.value }) {
            users.append(User(name: value("user")?.value, token: token.value, line: token.line))
        } else if users.isEmpty, let user = value("user") {
            users.append(User(name: user.value, token: nil, line: user.line))
        }
        // The one whom gh uses comes last: a request without a user name gets the password that was stored last.
        if let active = value("user")?.value,
            let index = users.firstIndex(where: { $0.name?.isSame(as: active) == true })
        {
            users.append(users.remove(at: index))
        }
        return users
    }

    /// The entries of one level, each with the entries that are indented below it. An odd entry is left out with those
    /// below it.
    private static func children(
        _ entries: ArraySlice<Entry>, _ odd: inout [Int]
    ) -> [(key: String, entry: Entry, below: ArraySlice<Entry>)] {
        guard let level = entries.first?.indentation else { return [] }
        var result: [(key: String, entry: Entry, below: ArraySlice<Entry>)] = []
        var rest = entries
        while let entry = rest.popFirst() {
            let below = rest.prefix { $0.indentation > level }
            rest = rest.dropFirst(below.count)
            let continued = entry.value == nil ? nil : below.first
            guard let key = entry.key, entry.indentation == level, continued == nil,
                !result.contains(where: { $0.key.isSame(as: key) })
            else {
                odd.append((continued ?? entry).line)
                continue
            }
            result.append((key, entry, below))
        }
        return result
    }

    /// The entry of a line; nil for an empty line, a comment and the mark at the beginning of a document.
    private static func entry(_ line: Substring, _ number: Int) -> Entry? {
        let words = line.drop { $0 == " " }
        if words.isEmpty || words.hasPrefix("#") || (number == 1 && line == "---") { return nil }
        var entry = Entry(indentation: line.count - words.count, line: number)
        guard !words.contains("\u{FFFD}"), let (key, rest) = keyAndRest(words), let name = scalar(key), !name.isEmpty
        else { return entry }
        let said = rest.drop { $0 == " " }
        if !said.isEmpty {
            guard let value = scalar(said) else { return entry }
            entry.value = value
        }
        entry.key = name
        return entry
    }

    /// The text before and after the first `: `, or before a colon at the end.
    private static func keyAndRest(_ words: Substring) -> (Substring, Substring)? {
        if let colon = words.firstRange(of: ": ") { return (words[..<colon.lowerBound], words[colon.upperBound...]) }
        return words.hasSuffix(":") ? (words.dropLast(), "") : nil
    }

    /// A plain word, or a quoted one without escapes; nil for anything else.
    private static func scalar(_ text: Substring) -> String? {
        let text = text.lastIndex { $0 != " " }.map { text[...$0] } ?? text
        for quote in ["\"", "'"] where text.hasPrefix(quote) {
            let inner = text.dropFirst().dropLast()
            return text.count >= 2 && text.hasSuffix(quote) && !inner.contains(where: { "\"'\\".contains($0) })
                ? String(inner) : nil
        }
        // Plain words begin with no indicator (YAML 1.2, "Indicator Characters") and contain no comment or tab.
        let isPlain = text.first.map { !"-?:,[]{}#&*!|>%@`".contains($0) } ?? true
        return isPlain && !text.contains(" #") && !text.contains("\t") && !text.contains(": ") ? String(text) : nil
    }
}
