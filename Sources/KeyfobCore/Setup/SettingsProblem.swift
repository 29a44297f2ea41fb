/// The reason why keyfob leaves a settings text as it is. keyfob guesses nothing about a file that another program
/// reads.
package enum SettingsProblem: Error, Sendable, Equatable {
    /// The text does not have the format that the program reads: `JSON`, `TOML`, `HCL`.
    case malformed(format: String)
    /// The setting exists in a form that cannot be changed without rewriting the text around it.
    case unusual(setting: String)
    /// The setting already has another value; `value` is nil if it may be a secret.
    case taken(setting: String, value: String?)
    /// The change would also have changed something else.
    case notAlone(setting: String)
}

/// Edits that keep the line ends of the text.
enum TextHabits {
    /// CR LF if the first line ends so, otherwise LF.
    static func lineEnd(of text: String) -> String {
        let bytes = text.utf8
        guard let end = bytes.firstIndex(of: UInt8(ascii: "\n")), end > bytes.startIndex else { return "\n" }
        return bytes[bytes.index(before: end)] == UInt8(ascii: "\r") ? "\r\n" : "\n"
    }

    /// The lines without their ends. The function compares bytes, because Swift treats CR LF as one character.
    static func lines(of text: String) -> [Substring] {
        var lines = text.utf8.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        if lines.last?.isEmpty == true { lines.removeLast() }
        return lines.map { Substring($0.last == UInt8(ascii: "\r") ? $0.dropLast() : $0) }
    }

    /// `text` followed by `lines`, which begin on a line of their own.
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
