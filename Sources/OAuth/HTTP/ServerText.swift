import Secrets

/// Makes text from a server safe for a terminal.
///
/// Control characters (C0, DEL, C1), format characters (such as those that change the writing direction), line and
/// paragraph separators, and private or unassigned characters are replaced. The text is cut at 200 characters.
/// Otherwise an error description could move the cursor, set the title or write to the clipboard.
enum ServerText {
    /// The maximum length of the text in Unicode scalars.
    static let limit = 200

    /// Returns `text` without unsafe characters.
    static func printable(_ text: String) -> String {
        var kept = String.UnicodeScalarView()
        for scalar in text.unicodeScalars.prefix(limit) {
            kept.append(isHarmless(scalar) ? scalar : "\u{FFFD}")
        }
        return String(kept)
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

    private static func isHarmless(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate, .privateUse, .unassigned: false
        default: true
        }
    }
}
