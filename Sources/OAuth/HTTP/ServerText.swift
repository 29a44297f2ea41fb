import Secrets

/// Text that a server chose, made fit for a terminal.
///
/// Control characters (C0, DEL, C1), line and paragraph separators and the characters that turn the direction of
/// writing are replaced; what is longer than 200 characters is cut. Without this, an error description could move the
/// cursor, set the title, or write to the clipboard.
enum ServerText {
    /// Longest text kept, in Unicode scalars.
    static let limit = 200

    /// `text`, printable.
    static func printable(_ text: String) -> String {
        var kept = String.UnicodeScalarView()
        for scalar in text.unicodeScalars.prefix(limit) {
            kept.append(isHarmless(scalar) ? scalar : "\u{FFFD}")
        }
        return String(kept)
    }

    /// The same without the secrets that the server was sent and repeats. Those that are shorter than any server makes
    /// them are left: they would be found in every second word.
    static func printable(_ text: String, without secrets: [Secret]) -> String {
        let texts = secrets.filter { $0.count >= shortestSecret }.compactMap(\.exposedText)
        // The longest first: one may be a part of another.
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
