import Secrets

/// Text from a server, made safe to show (`Printable`).
enum ServerText {
    /// Returns `text` without unsafe characters.
    static func printable(_ text: String) -> String { Printable.text(text) }

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
