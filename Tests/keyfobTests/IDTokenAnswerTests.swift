import AuthorizationServer
import FoundationEssentials
import TestSupport
import Testing

/// OpenID Connect Core section 3.1.3.7. No scope is `openid` here, so keyfob sends no nonce and expects none.
@Suite(.timeLimit(.withTurns)) struct `An id_token from the token endpoint` {
    /// A valid token of this issuer for the configured client, except for `changes` of its claims. Its signature is
    /// invalid.
    static func token(from issuer: String, _ changes: [String: JSONValue] = [:]) -> JSONValue {
        let now = Int(Date.now.timeIntervalSince1970)
        let claims: [String: JSONValue] = [
            "iss": .string(issuer), "sub": "24400320", "aud": "keyfob-demo", "iat": .integer(now),
            "exp": .integer(now + 60), "preferred_username": "alice",
        ]
        let parts = [["alg": "RS256"], JSONValue.merging(claims, changes)].map { members in
            Data(JSONValue.encode(members)).base64EncodedString()
                .replacing("+", with: "-").replacing("/", with: "_").replacing("=", with: "")
        }
        return .string((parts + ["c2lnbmF0dXJl"]).joined(separator: "."))
    }

    /// Runs `body` with a bench whose server sends this id_token with each access token.
    private func run(
        _ changes: [String: JSONValue] = [:], _ body: (FailureBench) async throws -> Void
    ) async throws {
        try await FailureBench.run { bench in
            let token = Self.token(from: bench.server.issuer, changes)
            let keys = JSONValue.string(bench.server.origin + "/jwks")
            bench.server.reconfigure {
                $0.extraTokenMembers["id_token"] = token
                $0.extraMetadata["jwks_uri"] = keys
            }
            try await body(bench)
        }
    }

    @Test func `names the account, and keyfob fetches no keys: TLS has authenticated the server`() async throws {
        try await run { bench in
            let result = try await bench.login()
            #expect(result.status == 0, "\(result.complaint)")
            #expect(result.complaint.contains(" as alice, "))
            let named = try await bench.login(["--account", "alice"])
            #expect(named.status == 0, "\(named.complaint)")
            #expect(bench.requests(to: "/jwks") == 0)
        }
    }

    @Test func `of another account than the requested one ends the sign-in`() async throws {
        try await run { bench in
            let row = FailureRow(
                testDescription: "", status: 77,
                says: "the sign-in was for bob, but you "
                    + "signed in as alice", hint: "to sign in as ")
            row.check(try await bench.login(["--account", "bob"]))
        }
    }

    @Test(
        arguments: [
            ("iss", "https://login.example.com"), ("iss", .null), ("aud", "another-client"), ("azp", "another-client"),
            ("exp", 1_700_000_000), ("iat", 9_999_999_999), ("at_hash", "AAAAAAAAAAAAAAAAAAAAAA"), ("sub", 24_400_320),
        ] as [(String, JSONValue)])
    func `that is invalid names no account`(claim: String, value: JSONValue) async throws {
        try await run([claim: value]) { bench in
            let result = try await bench.login()
            #expect(result.status == 0, "\(result.complaint)")
            #expect(!result.complaint.contains("alice"))
            let row = FailureRow(
                testDescription: "", status: 77, says: "does not prove who signed in (\(claim)); nothing was stored",
                hint: ["exp", "iat"].contains(claim)
                    ? "check the clock"
                    : "to sign in without an id_token, set scopes without openid")
            row.check(try await bench.login(["--account", "alice"]))
            #expect(try await bench.get().status == 0)
        }
    }
}
