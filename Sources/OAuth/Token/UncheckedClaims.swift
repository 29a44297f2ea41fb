import Crypto
import Secrets

/// The claims of an id_token, as the token has them (OpenID Connect Core section 2).
struct UncheckedClaims {
    /// OpenID Connect Core section 2, in ASCII characters.
    private static let longestSubject = 255

    private let members: JSONObject

    init(_ members: JSONObject) {
        self.members = members
    }

    /// OpenID Connect Core section 3.1.3.7, steps 2 to 5 and 9 to 11. Throws `invalidIDToken` by the claim.
    func check(issuer: String?, client: String, nonce: String?, now: Double) throws(OAuthError) {
        guard let issuer, text("iss")?.isSame(as: issuer) == true else { throw .invalidIDToken(member: "iss") }
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

    /// OpenID Connect Core section 3.1.3.8: where the token names the access token that it came with, it is that one.
    func check(accessToken: Secret, algorithm: String) throws(OAuthError) {
        guard members.has("at_hash") else { return }
        let bytes = accessToken.exposedBytes
        let digest: [UInt8] =
            switch algorithm.suffix(3) {
            case "256": Array(SHA256.hash(data: bytes))
            case "384": Array(SHA384.hash(data: bytes))
            default: Array(SHA512.hash(data: bytes))  // 512, and Ed25519, which has SHA-512 inside
            }
        guard text("at_hash") == Base64URL.encode(digest.prefix(digest.count / 2))
        else { throw .invalidIDToken(member: "at_hash") }
    }

    /// What is left to be told.
    var result: IDTokenClaims {
        get throws(OAuthError) {
            guard let subject = text("sub"), !subject.isEmpty, subject.utf8.count <= Self.longestSubject,
                subject.utf8.allSatisfy({ (0x20...0x7E).contains($0) })
            else { throw .invalidIDToken(member: "sub") }
            let isEmailOpen = isEmailOpen
            let names = ["preferred_username", "email", "nickname", "name"].filter { $0 != "email" || isEmailOpen }
            return IDTokenClaims(subject: subject, names: names.compactMap { label($0) })
        }
    }

    /// An address that the server itself does not vouch for could be anybody's. Some servers write the boolean as text; a
    /// value that is neither vouches for nothing.
    private var isEmailOpen: Bool {
        do { return try members.bool("email_verified") ?? true } catch { return text("email_verified") == "true" }
    }

    private func text(_ name: String) -> String? { (try? members.string(name)) ?? nil }

    /// A text that may be shown as it is.
    private func label(_ name: String) -> String? {
        guard let text = text(name), !text.isEmpty, ServerText.printable(text) == text else { return nil }
        return text
    }
}
