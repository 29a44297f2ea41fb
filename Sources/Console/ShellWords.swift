import Secrets

/// Quotes words for a shell's command line.
package enum ShellWords {
    /// Returns the word, in the quotes of a POSIX shell if it needs them.
    package static func quoted(_ word: String) -> String {
        if word.unicodeScalars.allSatisfy(isPlain) && !word.isEmpty { return word }
        return "'" + word.parts(at: "'").joined(separator: #"'\''"#) + "'"
    }

    /// Returns an option and its value. A value that begins with a hyphen would be read as another option.
    package static func option(_ name: String, _ value: String) -> String {
        name + (value.hasPrefix("-") ? "=" : " ") + quoted(value)
    }

    /// Returns a command line that a POSIX shell splits into `words`.
    package static func line(_ words: [String]) -> String { words.map(quoted).joined(separator: " ") }

    /// Returns the word with backslashes instead of quotation marks: git takes a value as an absolute path only if it
    /// begins with a slash.
    package static func escaped(_ word: String) -> String {
        word.unicodeScalars.map { isPlain($0) || !$0.isASCII ? String($0) : "\\" + String($0) }.joined()
    }

    private static func isPlain(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar {
        case "a"..."z", "A"..."Z", "0"..."9", "@", "%", "+", "=", ":", ",", ".", "/", "_", "-": true
        default: false
        }
    }
}
