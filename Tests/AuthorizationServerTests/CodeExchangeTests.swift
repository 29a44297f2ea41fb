import AuthorizationServer
import Secrets
import Testing

@Suite("Code exchange and PKCE (RFC 6749 section 4.1.3, RFC 7636)", .timeLimit(.minutes(1)))
struct CodeExchangeTests {
    @Test func `a code and its verifier give tokens, with header fields that forbid caching`() async throws {
        try await withServer { conversation in
            let answer = try await conversation.exchange(try await conversation.code())
            #expect(answer.status == 200)
            #expect(answer["content-type"] == "application/json")
            #expect(answer["cache-control"] == "no-store")
            #expect(answer["pragma"] == "no-cache")
            #expect(answer.json["token_type"] == "Bearer")
            #expect(answer.json["expires_in"] == 3600)
            #expect(answer.json["scope"] == "read_repository write_repository")
            let token = try #require(answer.json["access_token"]?.text)
            #expect(token != answer.json["refresh_token"]?.text)
            let info = try #require(conversation.server.introspect(token))
            #expect(info.username == "demo")
            #expect(info.expiry - info.issued == 3600)
        }
    }

    // RFC 7636 section 4.6.
    @Test(arguments: [
        "eBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk", Conversation.challenge, "x", Conversation.verifier + "A",
    ])
    func `a wrong verifier gives no token, and makes the code invalid`(verifier: String) async throws {
        try await withServer { conversation in
            let code = try await conversation.code()
            let answer = try await conversation.exchange(code, verifier: verifier)
            #expect(answer.status == 400)
            #expect(answer.error == "invalid_grant")
            #expect(try await conversation.exchange(code).error == "invalid_grant")
        }
    }

    @Test func `a request without a verifier is refused`() async throws {
        try await withServer { conversation in
            let answer = try await conversation.exchange(try await conversation.code(), verifier: nil)
            #expect(answer.status == 400)
            #expect(answer.error == "invalid_request")
        }
    }

    @Test func `a code is valid once, and its second use revokes the tokens of the first`() async throws {
        try await withServer { conversation in
            let code = try await conversation.code()
            let first = try await conversation.exchange(code).json
            let (access, refresh) = (
                try #require(first["access_token"]?.text), try #require(first["refresh_token"]?.text)
            )
            #expect(conversation.server.introspect(access) != nil)
            #expect(try await conversation.exchange(code).error == "invalid_grant")
            #expect(conversation.server.introspect(access) == nil)
            #expect(try await conversation.refresh(refresh).error == "invalid_grant")
        }
    }

    @Test func `a code is valid for 60 seconds`() async throws {
        try await withServer { conversation in
            let (early, late) = (try await conversation.code(), try await conversation.code())
            conversation.server.advanceClock(bySeconds: 50)
            #expect(try await conversation.exchange(early).status == 200)
            conversation.server.advanceClock(bySeconds: 11)
            #expect(try await conversation.exchange(late).error == "invalid_grant")
        }
    }

    @Test(arguments: [
        "http://127.0.0.1:4712/callback", "http://127.0.0.1/callback", "http://localhost:4711/callback",
    ])
    func `the redirect URI of the exchange must equal that of the request, byte for byte`(uri: String) async throws {
        try await withServer { conversation in
            let answer = try await conversation.exchange(try await conversation.code(), redirectURI: uri)
            #expect(answer.error == "invalid_grant")
        }
    }

    @Test func `a code works only for its client`() async throws {
        let other = RegisteredClient(id: "other", redirectURIs: ["http://127.0.0.1/callback"])
        try await withServer(AuthorizationServerConfiguration(clients: [.demo, other])) { conversation in
            let code = try await conversation.code()
            #expect(try await conversation.exchange(code, client: "other").error == "invalid_grant")
            #expect(try await conversation.exchange(code).status == 200, "a stranger cannot spend it")
        }
    }

    @Test func `an unknown client gets 401`() async throws {
        try await withServer { conversation in
            let answer = try await conversation.exchange(try await conversation.code(), client: "stranger")
            #expect(answer.status == 401)
            #expect(answer.error == "invalid_client")
            #expect(answer["www-authenticate"] != nil)
        }
    }

    @Test(
        arguments: [
            (["client_id": "keyfob-demo"], "invalid_request"),
            (["client_id": "keyfob-demo", "grant_type": "password"], "unsupported_grant_type"),
            (["client_id": "keyfob-demo", "grant_type": "authorization_code"], "invalid_request"),
            (["client_id": "keyfob-demo", "grant_type": "refresh_token"], "invalid_request"),
            (["client_id": "keyfob-demo", "client_id": "keyfob-demo"], "invalid_request"),
        ] as [(KeyValuePairs<String, String?>, String)])
    func `an invalid token request is refused`(
        form: KeyValuePairs<String, String?>, error: String
    ) async throws {
        try await withServer { conversation in
            let answer = try await conversation.token(form)
            #expect(answer.status == 400)
            #expect(answer.json["error"]?.text == error)
            #expect(answer["cache-control"] == "no-store")
        }
    }

    @Test func `a body that is not a form, or is too long, is refused`() async throws {
        try await withServer { conversation in
            let (json, form) = ("application/json", "application/x-www-form-urlencoded")
            let long = String(repeating: "a", count: 70_000)
            for (type, body) in [(json, "{}"), (form, long), (form, "a=%zz"), (form, "a=%ff")] {
                let answer = try await WebClient.send(
                    "POST", conversation.server.issuer + "/token", headers: ["Content-Type": type], body: body)
                #expect(answer.status == 400)
            }
        }
    }

    // RFC 6749 section 2.3.1: id and secret are form-encoded before they become Basic.
    @Test(arguments: [
        ("Basic YXBwOmElM0FiJTI1JTJGJTJCKyVDMyVCQw==", nil, 200), (nil, "a:b%/+ ü", 200),
        ("Basic YXBwOndyb25n", nil, 401), (nil, "wrong", 401), (nil, nil, 401), ("Bearer x", "a:b%/+ ü", 401),
    ])
    func `a client sends its secret in the header or in the body`(
        header: String?, secret: String?, status: Int
    ) async throws {
        let client = RegisteredClient(
            id: "app", redirectURIs: ["http://127.0.0.1/callback"], secret: Secret("a:b%/+ ü"))
        try await AuthorizationServer(AuthorizationServerConfiguration(clients: [client])).run { server in
            let conversation = Conversation(server, clientID: "app")
            let answer = try await WebClient.post(
                server.issuer + "/token",
                [
                    "grant_type": "authorization_code", "code": try await conversation.code(), "client_id": "app",
                    "redirect_uri": conversation.redirectURI, "code_verifier": Conversation.verifier,
                    "client_secret": secret,
                ], headers: header.map { ["Authorization": $0] } ?? [:])
            #expect(answer.status == status)
        }
    }

    @Test func `a test can change the token response`() async throws {
        try await withServer { conversation in
            conversation.server.reconfigure {
                $0.tokenType = "mac"
                $0.extraTokenMembers = ["access_token": "x\nhost=evil", "expires_in": .null, "extra": 1]
            }
            let json = try await conversation.exchange(try await conversation.code()).json
            #expect(json["token_type"] == "mac")
            #expect(json["access_token"] == "x\nhost=evil")
            #expect(json["expires_in"] == nil)
            #expect(json["extra"] == 1)
        }
    }
}
