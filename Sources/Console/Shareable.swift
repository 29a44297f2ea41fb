import Secrets

/// Text that the user may publish, such as a report of `keyfob doctor`.
package enum Shareable {
    /// Returns `text` safe to show (`Printable`), with `~` for the home directory, and without the text before an at
    /// sign, which may be a user name, and without `names`, where they are words of their own.
    package static func text(_ text: String, home: String?, names: Set<String> = []) -> String {
        let words = Printable.whole(text.without(names)).parts(at: " ").map { word in
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

extension String {
    /// The text with `...` for each of `names` that is a word, or several, between marks and blanks.
    fileprivate func without(_ names: Set<String>) -> String {
        func isMark(_ byte: UInt8?) -> Bool { byte.map { " ,:;'\"()".utf8.contains($0) } ?? true }
        var text = Array(utf8)
        // A longer name may hold a shorter one.
        for name in names.map({ Array($0.utf8) }).sorted(by: { $0.count > $1.count }) where !name.isEmpty {
            var shown: [UInt8] = []
            var rest = text[...]
            while let found = rest.firstRange(of: name) {
                let before = found.lowerBound == text.startIndex ? nil : text[found.lowerBound - 1]
                let after = found.upperBound == text.endIndex ? nil : text[found.upperBound]
                let isWord = isMark(before) && isMark(after)
                shown += rest[..<found.lowerBound] + (isWord ? Array("...".utf8)[...] : rest[found])
                rest = rest[found.upperBound...]
            }
            text = shown + rest
        }
        return String(decoding: text, as: UTF8.self)
    }
}
