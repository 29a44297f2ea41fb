import Crypto
import Secrets
import TestSupport
import Testing

@testable import OAuth

/// OpenID Connect Core section 3.1.3.7.
@Suite struct `An id_token` {
    private static let now: Int64 = 1_800_000_000
    private static let keys = "https://login.example.com/jwks"
    private let issuer = IDTokenIssuer()

    /// The claims of an honest token; `changes` replace or add members, each a piece of JSON, or take them away.
    private func claims(_ changes: [String: String?] = [:]) -> String {
        var members: [String: String] = [
            "iss": "\"\(Examples.issuer)\"", "sub": "\"24400320\"", "aud": "\"me\"", "nonce": "\"N\"",
            "exp": "\(Self.now + 60)", "iat": "\(Self.now - 60)", "preferred_username": "\"alice\"",
        ]
        for (name, value) in changes { members[name] = value }
        return "{" + members.map { "\"\($0.key)\":\($0.value)" }.joined(separator: ",") + "}"
    }

    private func check(
        _ token: String, nonce: String? = "N", metadata change: (inout AuthorizationServerMetadata) -> Void = { _ in },
        keySet: ScriptedTransport.Answer? = nil
    ) async throws -> IDTokenClaims {
        var metadata = try Examples.metadata()
        metadata.jwksURI = try EndpointURL(Self.keys)
        change(&metadata)
        let answer =
            try keySet ?? .json(issuer.keySet([#"{"kty":"oct","k":"cw"}"#, #"{"kty":"EC","crv":"secp256k1"}"#]))
        return try await IDToken.claims(
            of: Secret(token), for: Client(id: "me"), at: metadata, accessToken: Secret("AT"), nonce: nonce,
            now: Self.now, transport: ScriptedTransport([Self.keys: [answer]]))
    }

    private func expect(
        _ member: String, _ token: String, nonce: String? = "N", sourceLocation: SourceLocation = #_sourceLocation
    ) async {
        await #expect(throws: OAuthError.invalidIDToken(member: member), sourceLocation: sourceLocation) {
            try await check(token, nonce: nonce)
        }
    }

    // What it tells.

    @Test func `names the account`() async throws {
        let token = try issuer.token(
            claims(["name": #""Alice Example""#, "email": #""alice@example.com""#, "nickname": #""al""#]))
        #expect(
            try await check(token)
                == IDTokenClaims(
                    subject: "24400320", names: ["alice", "alice@example.com", "al", "Alice Example"]))
    }

    @Test(arguments: [
        (#""\u001b[2J""#, []), (#""""#, []), ("7", []), ("null", []), (#""al\u202eice""#, []), (#""Älice""#, ["Älice"]),
    ])
    func `gives no name that cannot be shown`(json: String, names: [String]) async throws {
        let token = try issuer.token(claims(["preferred_username": json]))
        #expect(try await check(token).names == names)
    }

    @Test(arguments: ["true", #""true""#, "null"])
    func `gives an address that its server vouches for`(verified: String) async throws {
        let address = ["email": #""a@example.com""#, "email_verified": verified, "preferred_username": nil]
        #expect(try await check(issuer.token(claims(address))).names == ["a@example.com"])
    }

    @Test(arguments: ["false", #""false""#, #""no""#, "0", "[]", "{}"])
    func `gives no address that its server does not vouch for`(verified: String) async throws {
        let address = ["email": #""a@example.com""#, "email_verified": verified]
        #expect(try await check(issuer.token(claims(address))).names == ["alice"])
    }

    // Who signed it.

    @Test(arguments: ["RS256", "PS384", "ES256", "ES384", "ES512", "EdDSA"])
    func `is signed by one of the server's keys`(algorithm: String) async throws {
        let identifier = ["RS256", "PS384"].contains(algorithm) ? "rsa" : algorithm
        for kid in [identifier, nil] {
            let token = try issuer.token(claims(), algorithm: algorithm, identifier: kid)
            #expect(try await check(token).subject == "24400320")
        }
    }

    @Test(arguments: ["none", "HS256", "NONE", "", "RS1"])
    func `is not signed by nobody, nor by a secret`(algorithm: String) async throws {
        await expect("alg", try issuer.token(claims(), algorithm: algorithm))
    }

    @Test func `is not signed by another key`() async throws {
        await expect("signature", try IDTokenIssuer().token(claims()))
        await expect("signature", try issuer.token(claims(), identifier: "ES384"))
        await expect("signature", try issuer.token(claims(), identifier: "unknown"))
        // A key for another algorithm, or for another use.
        let wrong = try issuer.keySet().replacing(#""alg":"ES256""#, with: #""alg":"ES384""#)
        let other = try issuer.keySet().replacing(#""alg":"ES256""#, with: #""use":"enc""#)
        for keySet in [wrong, other, #"{"keys":[]}"#] {
            await #expect(throws: OAuthError.invalidIDToken(member: "signature")) {
                try await check(try issuer.token(claims()), keySet: .json(keySet))
            }
        }
    }

    @Test func `is not changed after it was signed`() async throws {
        let parts = try issuer.token(claims()).split(separator: ".")
        let forged = Base64URL.encode(claims(["sub": "\"1\""]).utf8)
        await expect("signature", "\(parts[0]).\(forged).\(parts[2])")
        await expect("signature", "\(parts[0]).\(parts[1]).AAAA")
        await expect("signature", "\(parts[0]).\(parts[1]).")
    }

    @Test(arguments: ["", "a", "a.b", "a.b.c.d", "e30.e30.", "e30=.e30.AAAA", "W10.W10.AAAA"])
    func `is a signed token at all`(token: String) async {
        await expect(token == "e30.e30." ? "alg" : "JWT", token)
    }

    @Test func `has no extension that we would have to know`() async throws {
        await expect("crit", try issuer.token(claims(), header: #","crit":["b64"],"b64":false"#))
    }

    @Test func `cannot be checked without keys`() async throws {
        let token = try issuer.token(claims())
        await #expect(throws: OAuthError.invalidIDToken(member: "jwks_uri")) {
            try await check(token, metadata: { $0.jwksURI = nil })
        }
        await #expect(throws: OAuthError.unavailable(host: "login.example.com", status: 503, retryAfter: nil)) {
            try await check(token, keySet: .status(503))
        }
        await #expect(throws: OAuthError.malformed(host: "login.example.com", member: "keys")) {
            try await check(token, keySet: .json("{}"))
        }
        await #expect(throws: OAuthError.malformed(host: "login.example.com", member: "jwks_uri")) {
            try await check(token, keySet: .status(404))
        }
    }

    // For whom, from whom, when.

    @Test(
        arguments: [
            (["iss": #""https://evil.example.com""#], "iss"), (["iss": #""https://login.example.com/""#], "iss"),
            (["iss": nil], "iss"), (["aud": #""you""#], "aud"), (["aud": nil], "aud"), (["aud": "[]"], "aud"),
            (["aud": #"["me","you"]"#], "azp"), (["aud": #"["me","you"]"#, "azp": #""you""#], "azp"),
            (["azp": #""you""#], "azp"), (["exp": "\(now - 300)"], "exp"), (["exp": nil], "exp"),
            (["exp": #""soon""#], "exp"), (["iat": "\(now + 301)"], "iat"), (["iat": nil], "iat"),
            (["nonce": #""M""#], "nonce"), (["nonce": nil], "nonce"), (["sub": nil], "sub"), (["sub": #""""#], "sub"),
            (["sub": #""a\u0007""#], "sub"), (["sub": "1"], "sub"),
        ] as [([String: String?], String)])
    func `is refused by the name of what is wrong`(changes: [String: String?], member: String) async throws {
        await expect(member, try issuer.token(claims(changes)))
    }

    @Test(arguments: [
        ["aud": #"["me"]"#], ["aud": #"["you","me"]"#, "azp": #""me""#], ["azp": #""me""#], ["exp": "\(now - 299)"],
        ["iat": "\(now + 300)"], ["exp": "\(now).5"],
    ])
    func `is taken with`(changes: [String: String?]) async throws {
        #expect(try await check(issuer.token(claims(changes))).subject == "24400320")
    }

    @Test func `repeats a nonce only where one was sent`() async throws {
        #expect(try await check(issuer.token(claims(["nonce": nil])), nonce: nil).names == ["alice"])
    }

    @Test func `is of no use without an issuer to compare with`() async throws {
        let token = try issuer.token(claims(["iss": nil]))
        await #expect(throws: OAuthError.invalidIDToken(member: "iss")) {
            try await check(token, metadata: { $0.issuer = nil })
        }
    }

    @Test func `says nothing twice`() async throws {
        let twice = claims().dropLast() + #","sub":"1"}"#
        await expect("JWT", try issuer.token(String(twice)))
    }

    // OpenID Connect Core section 3.1.3.8.

    @Test(arguments: [("ES256", 32), ("ES384", 48), ("ES512", 64), ("EdDSA", 64)])
    func `names the access token that it came with`(algorithm: String, length: Int) async throws {
        let digests: [Int: [UInt8]] = [
            32: Array(SHA256.hash(data: Array("AT".utf8))), 48: Array(SHA384.hash(data: Array("AT".utf8))),
            64: Array(SHA512.hash(data: Array("AT".utf8))),
        ]
        let half = Base64URL.encode(try #require(digests[length]).prefix(length / 2))
        let right = try issuer.token(
            claims(["at_hash": "\"\(half)\""]), algorithm: algorithm, identifier: algorithm)
        #expect(try await check(right).names == ["alice"])
        let wrong = try issuer.token(claims(["at_hash": "\"\(half)A\""]), algorithm: algorithm, identifier: algorithm)
        await expect("at_hash", wrong)
    }
}
