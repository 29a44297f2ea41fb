import Secrets

/// Text from a server, made safe to show (`Printable`).
enum ServerText {
    /// Returns `text` without unsafe characters, and with one blank for several: many of them could begin a new line of the
    /// terminal with words that look like keyfob's own.
    static func printable(_ text: String) -> String {
        var shown = String.UnicodeScalarView()
        for scalar in text.unicodeScalars {
            let isBlank = scalar.properties.generalCategory == .spaceSeparator
            if !isBlank || shown.last != " " { shown.append(isBlank ? " " : scalar) }
        }
        return Printable.text(String(shown))
    }

    /// The same without the secrets of the request, which the server may repeat. Secrets shorter than
    /// ``shortestSecret`` are not removed: they would match parts of ordinary words, and no server issues secrets that
    /// short.
    static func printable(_ text: String, without secrets: [Secret]) -> String {
        let texts = secrets.filter { $0.count >= shortestSecret }.compactMap(\.exposedText)
            .flatMap { [$0, FormEncoding.encode($0)] }
        // The longest first: one secret may be a part of another.
        let words = texts.sorted { $0.utf8.count > $1.utf8.count }
        return printable(words.reduce(text) { $0.replacingBytes(of: $1, with: "\(Secret($1))") })
    }

    /// In bytes.
    private static let shortestSecret = 6
}
