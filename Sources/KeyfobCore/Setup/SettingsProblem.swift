/// Why a text of settings is left as it is. Nothing is guessed about a file that another program reads.
package enum SettingsProblem: Error, Sendable, Equatable {
    /// It is not of the format that the program reads: `JSON`, `TOML`.
    case malformed(format: String)
    /// The setting is there, in a form that cannot be changed without rewriting what stands around it.
    case unusual(setting: String)
    /// It says something else already; the value is nil where it may be a secret.
    case taken(setting: String, value: String?)
    /// Changing it would have changed something else.
    case notAlone(setting: String)
}

/// What keeps to the habits of the text that it goes into.
enum TextHabits {
    /// CR LF where the first line ends so, else LF.
    static func lineEnd(of text: String) -> String {
        let bytes = text.utf8
        guard let end = bytes.firstIndex(of: UInt8(ascii: "\n")), end > bytes.startIndex else { return "\n" }
        return bytes[bytes.index(before: end)] == UInt8(ascii: "\r") ? "\r\n" : "\n"
    }

    /// The lines without their ends. To Swift CR LF is one character, so bytes are looked at.
    static func lines(of text: String) -> [Substring] {
        var lines = text.utf8.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        if lines.last?.isEmpty == true { lines.removeLast() }
        return lines.map { Substring($0.last == UInt8(ascii: "\r") ? $0.dropLast() : $0) }
    }

    /// `text` with `lines` behind it, which begin on a line of their own.
    static func appending(_ lines: [String], to text: String) -> String {
        let end = lineEnd(of: text)
        let isOpen = text.utf8.last.map { $0 != UInt8(ascii: "\n") } ?? false
        return text + (isOpen ? end : "") + lines.map { $0 + end }.joined()
    }

    /// `text` with `line` before its line number `index`, counted from 0.
    static func inserting(_ line: String, at index: Int, into text: String) -> String {
        let end = lineEnd(of: text)
        var offset = text.utf8.startIndex
        for _ in 0..<index {
            guard let next = text.utf8[offset...].firstIndex(of: UInt8(ascii: "\n")) else {
                return appending([line], to: text)
            }
            offset = text.utf8.index(after: next)
        }
        return text[..<offset] + line + end + text[offset...]
    }
}
