import FoundationEssentials
import JWTKit
import Secrets

/// The three parts of a signed token (RFC 7515 section 7.1).
struct SignedToken {
    /// What we verify. Neither `none` nor a signature by a shared secret: a secret that a program on a person's machine
    /// holds vouches for nobody.
    private static let algorithms = [
        "RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA",
    ]

    let algorithm: String
    /// `kid`: which of the server's keys; nil where the token does not say.
    let keyIdentifier: String?
    let signedBytes: [UInt8]
    let signature: [UInt8]
    private let payload: [UInt8]

    init(_ token: Secret) throws(OAuthError) {
        let parts = token.exposedBytes.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        guard parts.count == 3, let head = Base64URL.decode(parts[0]), let payload = Base64URL.decode(parts[1]),
            let signature = Base64URL.decode(parts[2])
        else { throw .invalidIDToken(member: "JWT") }
        (self.payload, self.signature) = (payload, signature)
        signedBytes = parts[0] + [UInt8(ascii: ".")] + parts[1]
        do {
            let header = try JSONObject(head)
            algorithm = try header.string("alg") ?? ""
            keyIdentifier = try header.string("kid")
            // RFC 7515 section 4.1.11: what we do not know and must understand; we know none.
            guard !header.has("crit") else { throw OAuthError.invalidIDToken(member: "crit") }
        } catch let error as OAuthError {
            throw error
        } catch {
            throw .invalidIDToken(member: "JWT")
        }
        guard Self.algorithms.contains(algorithm) else { throw .invalidIDToken(member: "alg") }
    }

    /// What it says, not checked.
    func claims() throws(OAuthError) -> UncheckedClaims {
        do { return UncheckedClaims(try JSONObject(payload)) } catch { throw .invalidIDToken(member: "JWT") }
    }
}

/// The public keys of an issuer (RFC 7517).
struct SigningKeys {
    /// RFC 7518 section 3.3: 2048 bits or more; in base64url.
    private static let shortestModulus = 342

    private let keys: [JWK]

    init(from url: EndpointURL, transport: some HTTPTransport) async throws(OAuthError) {
        let response = try await transport.send(HTTPRequest(get: url))
        try response.checkAnswered(by: url.host)
        guard response.status == 200 else { throw .malformed(host: url.host, member: "jwks_uri") }
        _ = try response.jsonObject(from: url.host)
        guard let document = try? JSONDecoder().decode(Document.self, from: Data(response.body.exposedBytes))
        else { throw .malformed(host: url.host, member: "keys") }
        keys = document.keys.filter { $0.use == nil || $0.use == "sig" }.compactMap(\.key)
    }

    /// Whether one of the keys has signed it.
    func vouch(for token: SignedToken) async -> Bool {
        for key in keys where fits(key, token) {
            guard let verifier = await verifier(key, token.algorithm) else { continue }
            if (try? verifier.verify(token.signature, signs: token.signedBytes)) == true { return true }
        }
        return false
    }

    /// RFC 7517 sections 4.4 and 4.5. Each kind of key makes only verifiers of its own algorithms.
    private func fits(_ key: JWK, _ token: SignedToken) -> Bool {
        if let modulus = key.modulus, modulus.utf8.count < Self.shortestModulus { return false }
        return (key.algorithm == nil || key.algorithm?.rawValue == token.algorithm)
            && (token.keyIdentifier == nil || key.keyIdentifier?.string == token.keyIdentifier)
    }

    private func verifier(_ key: JWK, _ algorithm: String) async -> (any JWTAlgorithm)? {
        var named = key
        named.keyIdentifier = "key"
        let collection = JWTKeyCollection()
        guard (try? await collection.add(jwk: named)) != nil,
            let verifier = try? await collection.getKey(for: "key", alg: algorithm), verifier.name == algorithm
        else { return nil }
        return verifier
    }

    /// A key of a kind that we do not know spoils only itself.
    private struct Document: Decodable {
        var keys: [Entry]

        struct Entry: Decodable {
            var key: JWK?
            /// RFC 7517 section 4.2: what the key is for, if not for everything.
            var use: String?

            private enum Member: CodingKey { case use }

            init(from decoder: any Decoder) throws {
                key = try? JWK(from: decoder)
                use = try? decoder.container(keyedBy: Member.self).decodeIfPresent(String.self, forKey: .use)
            }
        }
    }
}
