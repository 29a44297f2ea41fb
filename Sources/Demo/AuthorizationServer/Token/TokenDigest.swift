import Crypto
import FoundationEssentials

/// The SHA-256 of a code or token. The server stores it instead, so its memory holds no usable token, and the time of a
/// look-up does not depend on the guess.
struct TokenDigest: Sendable, Hashable {
    private let bytes: [UInt8]

    init(_ token: String) { bytes = Array(SHA256.hash(data: Array(token.utf8))) }

    /// Eight hexadecimal digits that tell tokens apart in a log without showing them.
    var fingerprint: String {
        bytes.prefix(4).map { byte in (byte < 16 ? "0" : "") + String(byte, radix: 16) }.joined()
    }

    /// `BASE64URL-ENCODE(SHA256(ASCII(text)))` without padding: the S256 of RFC 7636 section 4.2.
    static func challenge(of verifier: String) -> String { base64URL(TokenDigest(verifier).bytes) }

    /// 256 bits of the system's random source in 43 characters of base64url.
    static func random() -> String {
        var generator = SystemRandomNumberGenerator()
        return base64URL((0..<32).map { _ in UInt8.random(in: .min ... .max, using: &generator) })
    }

    private static func base64URL(_ bytes: [UInt8]) -> String {
        let characters = Data(bytes).base64EncodedString().compactMap { character -> Character? in
            switch character {
            case "+": "-"
            case "/": "_"
            case "=": nil
            default: character
            }
        }
        return String(characters)
    }
}
