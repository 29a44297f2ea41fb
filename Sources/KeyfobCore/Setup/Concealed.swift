/// Lines of a person's settings, made fit to be shown: what may be a secret in them is not.
///
/// Files that name helpers also hold what the helpers are to replace: `auth`, `token`, `password`. It is better to hide
/// what is none than to show what is one.
package struct Concealed {
    /// What was written by us, and is shown as it is.
    private let ours: [String]

    package init(ours: [String]) {
        self.ours = ours
    }

    private static let words = [
        "auth", "token", "pass", "secret", "credential", "key", "data", "cookie", "header", "value",
    ]
    /// Nothing that people write has so many letters and digits without a break.
    private static let longest = 32

    /// The line with `...` for each value behind a name that speaks of secrets, for what stands before an at sign in an
    /// address, and for what looks like a token.
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

    /// Up to the closing quotation mark; the whole rest of the line where there is none, as with a list; an opening brace
    /// is no value.
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
    /// The end of the last `text`, if nothing but an authority stands behind it.
    fileprivate func range(ofLast text: String) -> String.Index? {
        guard let found = ranges(of: text).last, !self[found.upperBound...].contains(where: { "/ \t".contains($0) })
        else { return nil }
        return found.upperBound
    }
}
