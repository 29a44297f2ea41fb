import Crypto
import Secrets

/// A code verifier and its S256 challenge (RFC 7636 section 4). It stays in memory for one sign-in.
struct CodeVerifier: Sendable {
    /// 43 unreserved characters.
    let secret: Secret

    /// 256 bits from the system's random source (RFC 7636 section 7.1).
    init() {
        self.init(RandomText.base64URL(bits: 256))
    }

    /// A known verifier, for the test vector of appendix B.
    init(_ text: String) {
        secret = Secret(text)
    }

    /// `BASE64URL-ENCODE(SHA256(ASCII(code_verifier)))`. keyfob does not support `plain` (RFC 9700 section 2.1.1).
    var challenge: String { Base64URL.encode(SHA256.hash(data: secret.exposedBytes)) }
}
