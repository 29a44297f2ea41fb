/// The files of git-credential-store that git's settings name (git-credential-store(1), `--file`).
package enum StoreHelpers {
    /// The files in the values of `credential.helper`, each once, as far as their paths can be read without a shell. git
    /// runs a helper by a shell, so a path may be in quotes and begin with the home directory in the shell's words.
    ///
    /// - Parameter values: as in gitcredentials(7): a name with arguments, an absolute path, or a command after `!`.
    package static func files(in values: [String], home: String) -> [String] {
        var files: [String] = []
        for value in values {
            let words = words(of: value.hasPrefix("!") ? String(value.dropFirst()) : value)
            guard let name = words.firstIndex(where: { isStore($0, isFirst: $0 == words.first) }),
                let file = file(words[(name + 1)...]).map({ absolute($0, home: home) }), !files.contains(file)
            else { continue }
            files.append(file)
        }
        return files
    }

    private static func isStore(_ word: String, isFirst: Bool) -> Bool {
        let program = word.split(separator: "/").last.map(String.init) ?? ""
        return program == "git-credential-store" || word == "credential-store" || isFirst && word == "store"
    }

    /// The value of the option `--file`. git accepts an option in a shortened form too.
    private static func file(_ words: ArraySlice<String>) -> String? {
        for index in words.indices {
            if ["--file", "--fil", "--fi", "--f"].contains(words[index]) {
                return index + 1 < words.endIndex ? words[index + 1] : nil
            }
            if words[index].hasPrefix("--file=") { return String(words[index].dropFirst("--file=".count)) }
        }
        return nil
    }

    private static func absolute(_ path: String, home: String) -> String {
        for word in ["~", "$HOME", "${HOME}"] where path.hasPrefix(word + "/") {
            return home + path.dropFirst(word.count)
        }
        return path
    }

    /// The words of a command line, without the quotes around them.
    private static func words(of line: String) -> [String] {
        var (words, word): ([String], String?) = ([], nil)
        var quote: Character?
        var isEscaped = false
        for character in line {
            if isEscaped {
                word = (word ?? "") + String(character)
                isEscaped = false
            } else if character == "\\", quote != "'" {
                isEscaped = true
            } else if character == quote {
                quote = nil
            } else if quote == nil, character == "'" || character == "\"" {
                (quote, word) = (character, word ?? "")
            } else if quote == nil, character.isWhitespace {
                if let word { words.append(word) }
                word = nil
            } else {
                word = (word ?? "") + String(character)
            }
        }
        return words + (word.map { [$0] } ?? [])
    }
}
