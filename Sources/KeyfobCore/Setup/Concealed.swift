/// Shows lines of a user's settings and hides values that may be secrets.
///
/// Files that name helpers also hold the secrets that the helpers replace: `auth`, `token`, `password`. It is better to
/// hide a harmless value than to show a secret.
package struct Concealed {
    /// Texts that keyfob wrote; they are shown unchanged.
    private let ours: [String]

    package init(ours: [String]) {
        self.ours = ours
    }

    private static let words = [
        "auth", "token", "pass", "secret", "credential", "key", "data", "cookie", "header", "value",
    ]
    /// A run of at least so many letters and digits is hidden: people do not write such long words.
    private static let longest = 32

    /// The line with `...` in place of:
    /// - each value whose name suggests a secret
    /// - the user information in a URL (the part before the at sign)
    /// - each text that looks like a token
    package func shown(_ line: Substring) -> String {
        var rest = line.last == "\r" ? line.dropLast() : line
        var result = ""
        while let mark = rest.firstIndex(where: { $0 == ":" || $0 == "=" }) {
            let name = rest[...mark]
            result += name
            rest = rest[rest.index(after: mark)...]
            let space = rest.prefix { $0 == " " || $0 == "\t" }
            guard Self.speaksOfSecrets(name), !rest.dropFirst(space.count).isEmpty else { continue }
            result += space
            rest = rest.dropFirst(space.count)
            let value = Self.value(at: rest)
            result += isOurs(value) ? String(value) : "..."
            rest = rest[value.endIndex...]
        }
        return withoutTokens(result + rest)
    }

    private static func speaksOfSecrets(_ name: Substring) -> Bool {
        // The name is the last word before the mark.
        let end = name.dropLast().reversed().drop { $0 == " " || $0 == "\t" || $0 == "\"" || $0 == "'" }
        let word = String(end.prefix { !" \t\"'{,;".contains($0) }.reversed()).lowercased()
        return words.contains { word.contains($0) }
    }

    /// The value at the start of `rest`: up to the closing quotation mark, or the whole rest of the line if there is
    /// none, as in a list. An opening brace is no value.
    private static func value(at rest: Substring) -> Substring {
        guard let first = rest.first else { return rest }
        if first == "{" { return rest.prefix(1) }
        guard first == "\"" || first == "'" else { return rest }
        var position = rest.index(after: rest.startIndex)
        while position < rest.endIndex, rest[position] != first {
            if rest[position] == "\\" { rest.formIndex(after: &position) }
            if position < rest.endIndex { rest.formIndex(after: &position) }
        }
        return rest[..<(position < rest.endIndex ? rest.index(after: position) : position)]
    }

    private func isOurs(_ value: Substring) -> Bool {
        if value == "{" { return true }
        let bare = value.filter { $0 != "\"" }
        return !bare.isEmpty && ours.contains { $0.contains(value) || $0.contains(bare) }
    }

    private func withoutTokens(_ line: String) -> String {
        var (result, run) = ("", "")
        func end() -> String {
            run.count < Self.longest || ours.contains { $0.contains(run) } ? run : "..."
        }
        for character in line {
            if character.isASCII, character.isLetter || character.isNumber || "+_-=".contains(character) {
                run.append(character)
            } else {
                let isOurs = ours.contains { $0.contains(run) }
                if character == "@", !isOurs, let scheme = result.range(ofLast: "://") {
                    result = String(result[..<scheme]) + "..."
                } else {
                    result += end()
                }
                run = ""
                result.append(character)
            }
        }
        return result + end()
    }
}

extension String {
    /// The end of the last `text`, if only an authority follows it.
    fileprivate func range(ofLast text: String) -> String.Index? {
        guard let found = ranges(of: text).last, !self[found.upperBound...].contains(where: { "/ \t".contains($0) })
        else { return nil }
        return found.upperBound
    }
}
