import FoundationEssentials
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
    /// short. Of a text that repeats a part of a secret, or a secret in another encoding, nothing is shown.
    static func printable(_ text: String, without secrets: [Secret]) -> String {
        let long = secrets.filter { $0.count >= shortestSecret }
        let texts = long.compactMap(\.exposedText).flatMap { [$0, FormEncoding.encode($0)] }
        // The longest first: one secret may be a part of another.
        let words = texts.sorted { $0.utf8.count > $1.utf8.count }
        let shown = printable(words.reduce(text) { $0.replacingBytes(of: $1, with: "\(Secret($1))") })
        let said = letters(Array(shown.utf8))
        let isRepeated = long.contains { secret in forms(of: secret).contains { shares(said, letters($0)) } }
        return isRepeated ? "\(Secret(shown))" : shown
    }

    /// In bytes.
    private static let shortestSecret = 6

    /// A secret as it is, in hexadecimal digits, and in base64 at each place of a text that was encoded as a whole.
    private static func forms(of secret: Secret) -> [[UInt8]] {
        let bytes = secret.exposedBytes
        let digits = bytes.flatMap { Array((($0 < 16 ? "0" : "") + String($0, radix: 16)).utf8) }
        return [bytes, digits] + (0..<3).map { Array(Data(repeating: 0, count: $0) + bytes).base64Letters }
    }

    /// The letters and digits, in lower case. What stands between them may be written in another way.
    private static func letters(_ bytes: [UInt8]) -> [UInt8] {
        bytes.compactMap { byte in
            switch byte {
            case 0x30...0x39, 0x61...0x7A: byte
            case 0x41...0x5A: byte | 0x20
            default: nil
            }
        }
    }

    /// Whether both have so many letters and digits in a row that they are no word, a digit among them if they are few.
    private static func shares(_ text: [UInt8], _ secret: [UInt8]) -> Bool {
        sharesRun(8, text, secret) { run in run.contains { (0x30...0x39).contains($0) } }
            || sharesRun(16, text, secret) { _ in true }
    }

    private static func sharesRun(
        _ length: Int, _ text: [UInt8], _ secret: [UInt8], where isTelling: (ArraySlice<UInt8>) -> Bool
    ) -> Bool {
        guard text.count >= length, secret.count >= length else { return false }
        return (0...(secret.count - length)).contains { start in
            let run = secret[start..<(start + length)]
            return isTelling(run) && text.firstRange(of: run) != nil
        }
    }
}

extension [UInt8] {
    /// In base64, without what the bytes before and behind these would change.
    fileprivate var base64Letters: [UInt8] { Array(Data(self).base64EncodedString().utf8.dropFirst(4).dropLast(4)) }
}
