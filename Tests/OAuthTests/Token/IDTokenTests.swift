import Crypto
import Secrets
import TestSupport
import Testing

@testable import OAuth

/// OpenID Connect Core section 3.1.3.7.
@Suite struct `An id_token` {
    private static let now: Int64 = 1_800_000_000

    /// The claims of a valid token. `changes` replaces, adds or removes members, each a piece of JSON.
    private func claims(_ changes: [String: String?] = [:]) -> String {
        var members: [String: String] = [
            "iss": "\"\(Examples.issuer)\"", "sub": "\"24400320\"", "aud": "\"me\"", "nonce": "\"N\"",
            "exp": "\(Self.now + 60)", "iat": "\(Self.now - 60)", "preferred_username": "\"alice\"",
        ]
        for (name, value) in changes { members[name] = value }
        return "{" + members.map { "\"\($0.key)\":\($0.value)" }.joined(separator: ",") + "}"
    }

    /// A token with these claims. `more` is further members of the header, each a piece of JSON after a comma. The
    /// signature is not valid.
    private func token(_ claims: String, algorithm: String = "ES256", header more: String = "") -> String {
        [#"{"alg":"\#(algorithm)"\#(more)}"#, claims, "signature"].map { Base64URL.encode($0.utf8) }
            .joined(separator: ".")
    }

    private func check(_ token: String, nonce: String? = "N") throws -> IDTokenClaims {
        try IDToken.claims(
            of: Secret(token), for: Client(id: "me"), from: Examples.issuer, accessToken: Secret("AT"), nonce: nonce,
            now: Self.now)
    }

    private func expect(_ member: String, _ token: String, sourceLocation: SourceLocation = #_sourceLocation) {
        #expect(throws: OAuthError.invalidIDToken(member: member), sourceLocation: sourceLocation) {
            try check(token)
        }
    }

    // Its content.

    @Test func `names the account`() throws {
        let token = token(
            claims(["name": #""Alice Example""#, "email": #""alice@example.com""#, "nickname": #""al""#]))
        #expect(
            try check(token)
                == IDTokenClaims(
                    subject: "24400320", names: ["alice", "alice@example.com", "al", "Alice Example"]))
    }

    @Test(arguments: [
        (#""\u001b[2J""#, []), (#""""#, []), ("7", []), ("null", []), (#""al\u202eice""#, []), (#""Älice""#, ["Älice"]),
    ])
    func `has no name that cannot be shown`(json: String, names: [String]) throws {
        let token = token(claims(["preferred_username": json]))
        #expect(try check(token).names == names)
    }

    @Test(arguments: ["true", #""true""#, "null"])
    func `has an e-mail address that its server has verified`(verified: String) throws {
        let address = ["email": #""a@example.com""#, "email_verified": verified, "preferred_username": nil]
        #expect(try check(token(claims(address))).names == ["a@example.com"])
    }

    @Test(arguments: ["false", #""false""#, #""no""#, "0", "[]", "{}"])
    func `has no e-mail address that its server has not verified`(verified: String) throws {
        let address = ["email": #""a@example.com""#, "email_verified": verified]
        #expect(try check(token(claims(address))).names == ["alice"])
    }

    // Its form.

    @Test(arguments: ["RS256", "none", "NONE", "HS256", "RS1", ""])
    func `is accepted with any signature algorithm: TLS has authenticated the server`(
        algorithm: String
    ) throws {
        #expect(try check(token(claims(), algorithm: algorithm)).subject == "24400320")
    }

    @Test func `is accepted with any signature`() throws {
        let parts = token(claims()).split(separator: ".")
        #expect(try check("\(parts[0]).\(parts[1]).AAAA").subject == "24400320")
        #expect(try check("\(parts[0]).\(parts[1]).").subject == "24400320")
        expect("JWT", "\(parts[0]).\(parts[1])")
        expect("JWT", "\(parts[0]).\(parts[1]).A+A=")
    }

    @Test(arguments: ["", "a", "a.b", "a.b.c.d", "a.b.c.d.e", "e30=.e30.AAAA", "W10.W10.AAAA", "e30.e30", "....."])
    func `must be a JSON Web Token`(token: String) {
        expect("JWT", token)
    }

    // {"alg":null}, {}, {"alg":1}
    @Test(arguments: [("eyJhbGciOm51bGx9", "alg"), ("e30", "alg"), ("eyJhbGciOjF9", "JWT")])
    func `must name its algorithm`(header: String, member: String) {
        expect(member, "\(header).\(Base64URL.encode(claims().utf8)).AAAA")
    }

    @Test(arguments: ["[]", "null", "{", "\"a\"", "", "{}{}"])
    func `must have an object of claims`(payload: String) {
        expect("JWT", token(payload))
    }

    @Test func `must have no extension that keyfob would have to understand`() {
        expect("crit", token(claims(), header: #","crit":["b64"],"b64":false"#))
    }

    // Audience, issuer and times.

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
    func `is refused with the name of the invalid claim`(changes: [String: String?], member: String) throws {
        expect(member, token(claims(changes)))
    }

    @Test(arguments: [
        ["aud": #"["me"]"#], ["aud": #"["you","me"]"#, "azp": #""me""#], ["azp": #""me""#], ["exp": "\(now - 299)"],
        ["iat": "\(now + 300)"], ["exp": "\(now).5"],
    ])
    func `is accepted with`(changes: [String: String?]) throws {
        #expect(try check(token(claims(changes))).subject == "24400320")
    }

    @Test func `must repeat a nonce only if one was sent`() throws {
        #expect(try check(token(claims(["nonce": nil])), nonce: nil).names == ["alice"])
    }

    @Test func `must repeat no member`() throws {
        let twice = claims().dropLast() + #","sub":"1"}"#
        expect("JWT", token(String(twice)))
    }

    // OpenID Connect Core section 3.1.3.8.

    @Test(
        arguments: [
            (["HS256", "RS256", "PS256", "ES256"], 32), (["HS384", "RS384", "PS384", "ES384"], 48),
            (["HS512", "RS512", "PS512", "ES512", "EdDSA", "Ed25519"], 64),
        ] as [([String], Int)])
    func `must have the hash of its access token`(algorithms: [String], length: Int) throws {
        for algorithm in algorithms {
            let half = try hash("AT", length)
            #expect(try check(token(claims(["at_hash": "\"\(half)\""]), algorithm: algorithm)).names == ["alice"])
            for wrong in [half + "A", String(half.dropLast()), try hash("another", length), ""] {
                expect("at_hash", token(claims(["at_hash": "\"\(wrong)\""]), algorithm: algorithm))
            }
            expect("at_hash", token(claims(["at_hash": "null"]), algorithm: algorithm))
        }
    }

    @Test(arguments: ["none", "", "RS1", "ES256K", "A256", "es256", "Ed448"])
    func `is refused if its algorithm has no known hash for the access token`(algorithm: String) throws {
        for length in [32, 48, 64] {
            let half = try hash("AT", length)
            expect("alg", token(claims(["at_hash": "\"\(half)\""]), algorithm: algorithm))
        }
    }

    /// The left half of a hash of that many bytes.
    private func hash(_ accessToken: String, _ length: Int) throws -> String {
        let bytes = Array(accessToken.utf8)
        let digests: [Int: [UInt8]] = [
            32: Array(SHA256.hash(data: bytes)), 48: Array(SHA384.hash(data: bytes)),
            64: Array(SHA512.hash(data: bytes)),
        ]
        return Base64URL.encode(try #require(digests[length]).prefix(length / 2))
    }
}
