import Crypto
import Secrets

/// The claims of an id_token before they are checked (OpenID Connect Core section 2).
struct UncheckedClaims {
    /// The maximum length of `sub` in ASCII characters (OpenID Connect Core section 2).
    private static let longestSubject = 255

    private let members: JSONObject

    init(_ members: JSONObject) {
        self.members = members
    }

    /// Checks the claims by OpenID Connect Core section 3.1.3.7, steps 2 to 5 and 9 to 11. Throws `invalidIDToken` with
    /// the invalid claim.
    func check(issuer: String, client: String, nonce: String?, now: Double) throws(OAuthError) {
        guard text("iss")?.isSame(as: issuer) == true else { throw .invalidIDToken(member: "iss") }
        let audience = text("aud").map { [$0] } ?? (try? members.strings("aud")) ?? []
        guard audience.holdsSame(as: client) else { throw .invalidIDToken(member: "aud") }
        if audience.count > 1 || members.has("azp") {
            guard text("azp")?.isSame(as: client) == true else { throw .invalidIDToken(member: "azp") }
        }
        guard let end = members.number("exp"), now - IDToken.leeway < end else { throw .invalidIDToken(member: "exp") }
        guard let beginning = members.number("iat"), beginning - IDToken.leeway <= now
        else { throw .invalidIDToken(member: "iat") }
        if let nonce {
            guard let repeated = text("nonce"), Secret(repeated) == Secret(nonce)
            else { throw .invalidIDToken(member: "nonce") }
        }
    }

    /// If the token has an `at_hash`, it must match the access token of the same response (OpenID Connect Core section
    /// 3.1.3.8). Throws `invalidIDToken` with `at_hash`, or with `alg` if keyfob knows no hash for it.
    func check(accessToken: Secret, algorithm: String) throws(OAuthError) {
        guard members.has("at_hash") else { return }
        guard let digest = Self.digest(of: accessToken.exposedBytes, by: algorithm)
        else { throw .invalidIDToken(member: "alg") }
        guard text("at_hash")?.isSame(as: Base64URL.encode(digest.prefix(digest.count / 2))) == true
        else { throw .invalidIDToken(member: "at_hash") }
    }

    /// The hash that belongs to a signature algorithm (RFC 7518 section 3.1); nil if keyfob does not know it.
    private static func digest(of bytes: [UInt8], by algorithm: String) -> [UInt8]? {
        switch algorithm {
        case "HS256", "RS256", "PS256", "ES256": Array(SHA256.hash(data: bytes))
        case "HS384", "RS384", "PS384", "ES384": Array(SHA384.hash(data: bytes))
        case "HS512", "RS512", "PS512", "ES512": Array(SHA512.hash(data: bytes))
        // RFC 8037 and RFC 9864. `EdDSA` may also mean Ed448, which uses another hash; such a token is refused.
        case "EdDSA", "Ed25519": Array(SHA512.hash(data: bytes))
        default: nil
        }
    }

    /// The claims that keyfob uses.
    var result: IDTokenClaims {
        get throws(OAuthError) {
            guard let subject = text("sub"), !subject.isEmpty, subject.utf8.count <= Self.longestSubject,
                subject.utf8.allSatisfy({ (0x20...0x7E).contains($0) })
            else { throw .invalidIDToken(member: "sub") }
            let isEmailUsable = isEmailUsable
            let names = ["preferred_username", "email", "nickname", "name"].filter { $0 != "email" || isEmailUsable }
            return IDTokenClaims(subject: subject, names: names.compactMap { label($0) })
        }
    }

    /// Whether `email` counts as a name of the user. It must be an e-mail address: a word could be the name of another user.
    /// The server must not mark it as unverified: the address could belong to another person. Some servers write the boolean as text.
    /// Any other value counts as unverified.
    private var isEmailUsable: Bool {
        guard let parts = text("email")?.parts(at: "@"), parts.count == 2, parts.allSatisfy({ !$0.isEmpty }) else {
            return false
        }
        do { return try members.bool("email_verified") ?? true } catch { return text("email_verified") == "true" }
    }

    private func text(_ name: String) -> String? { (try? members.string(name)) ?? nil }

    /// A claim that can be shown as it is.
    private func label(_ name: String) -> String? {
        guard let text = text(name)?.trimmed, !text.isEmpty, ServerText.printable(text) == text else { return nil }
        return text
    }
}
