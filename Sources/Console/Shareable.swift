import Secrets

/// Text that the user may publish, such as a report of `keyfob doctor`.
package enum Shareable {
    /// Returns `text` safe to show (`Printable`), with `~` for the home directory, and without the text before an at
    /// sign, which may be a user name.
    package static func text(_ text: String, home: String?) -> String {
        let words = Printable.whole(text).parts(at: " ").map { word in
            word.holds("@") ? Printable.wholeAddress(String(word)) : String(word)
        }
        guard let home, home.hasPrefix("/"), home.count > 1 else { return words.joined(separator: " ") }
        // A shell expands no tilde in quotation marks.
        let line = words.joined(separator: " ").replacingBytes(of: "'" + home + "/", with: "~/'")
        var (shown, rest) = ("", line[...])
        while let found = rest.firstRange(of: home) {
            let isWhole = rest[found.upperBound...].first.map { !$0.isLetter && !$0.isNumber } ?? true
            shown += rest[..<found.lowerBound] + (isWhole ? "~" : home)
            rest = rest[found.upperBound...]
        }
        return shown + rest
    }
}
