import CredentialProtocol
import Secrets

/// The content of gh's `hosts.yml`: the users of each host, with their tokens if those are not in the keyring.
///
/// The parser reads only the form that gh writes: maps of plain or quoted words, nested by indentation. It refuses any
/// other YAML and reports the line, because half-read YAML could mean something else.
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
        var key: String
        var value: String?
        var indentation: Int
        var line: Int
    }

    /// The number of the line that does not have that form.
    struct Malformed: Error, Equatable {
        var line: Int
    }

    let hosts: [Host]

    init(_ bytes: [UInt8]) throws(Malformed) {
        var entries: [Entry] = []
        var number = 0
        // Split by bytes, because Swift treats CR LF as one character that is not LF.
        for bytes in bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false) {
            number += 1
            let bytes = bytes.last == UInt8(ascii: "\r") ? bytes.dropLast() : bytes
            guard let line = String(validating: bytes, as: UTF8.self) else { throw Malformed(line: number) }
            if let entry = try Self.entry(line[...], number) { entries.append(entry) }
        }
        hosts = try Self.children(entries[...]).map { entry, below throws(Malformed) in
            guard entry.value == nil else { throw Malformed(line: entry.line) }
            return Host(name: entry.key, users: try Self.users(below))
        }
    }

    /// The users in a host's entries: those below `users`, and the single user of older versions of gh.
    private static func users(_ entries: ArraySlice<Entry>) throws(Malformed) -> [User] {
        let members = try children(entries)
        func value(_ key: String) -> Entry? { members.first { $0.entry.key == key }?.entry }
        var users: [User] = []
        for (entry, below) in members where entry.key == "users" {
            for (user, settings) in try children(below) {
                let token = try children(settings).first { $0.entry.key == "oauth_token" }?.entry
                users.append(User(name: user.key, token: token?.value, line: token?.line ?? user.line))
            }
        }
        if let token = value("oauth_token"), !users.contains(where: { $0.token == token.value }) {
            users.append(User(name: value("user")?.value, token: token.value, line: token.line))
        } else if users.isEmpty, let user = value("user") {
            users.append(User(name: user.value, token: nil, line: user.line))
        }
        return users
    }

    /// The entries of one level, each with the entries that are indented below it.
    private static func children(
        _ entries: ArraySlice<Entry>
    ) throws(Malformed) -> [(entry: Entry, below: ArraySlice<Entry>)] {
        guard let level = entries.first?.indentation else { return [] }
        var result: [(entry: Entry, below: ArraySlice<Entry>)] = []
        var rest = entries
        while let entry = rest.popFirst() {
            guard entry.indentation == level, !result.contains(where: { $0.entry.key == entry.key }) else {
                throw Malformed(line: entry.line)
            }
            let below = rest.prefix { $0.indentation > level }
            rest = rest.dropFirst(below.count)
            if entry.value != nil, let first = below.first { throw Malformed(line: first.line) }
            result.append((entry, below))
        }
        return result
    }

    private static func entry(_ line: Substring, _ number: Int) throws(Malformed) -> Entry? {
        let words = line.drop { $0 == " " }
        if words.isEmpty || words.hasPrefix("#") { return nil }
        let indentation = line.count - words.count
        guard let (key, rest) = keyAndRest(words), let name = scalar(key), !name.isEmpty else {
            throw Malformed(line: number)
        }
        let said = rest.drop { $0 == " " }
        if said.isEmpty { return Entry(key: name, value: nil, indentation: indentation, line: number) }
        guard let value = scalar(said) else { throw Malformed(line: number) }
        return Entry(key: name, value: value, indentation: indentation, line: number)
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
