import AuthorizationServer
import Testing

@Suite("Pushed authorization requests (RFC 9126)", .timeLimit(.minutes(1)))
struct PushedRequestTests {
    private func withPushing(
        _ policy: AuthorizationServerConfiguration.PushedRequestPolicy, _ body: (Conversation) async throws -> Void
    ) async throws {
        var configuration = AuthorizationServerConfiguration()
        configuration.pushedRequests = policy
        configuration.signsInAtOnceAs = "demo"
        try await withServer(configuration, body)
    }

    private func push(_ conversation: Conversation, challenge: String? = Conversation.challenge) async throws
        -> WebClient.Answer
    {
        try await WebClient.post(
            conversation.server.issuer + "/par",
            [
                "response_type": "code", "client_id": conversation.clientID, "redirect_uri": conversation.redirectURI,
                "state": "s", "code_challenge": challenge, "code_challenge_method": "S256",
            ])
    }

    private func open(_ uri: String, _ conversation: Conversation, client: String? = nil) async throws
        -> WebClient.Answer
    {
        let client = client ?? conversation.clientID
        return try await WebClient.get(
            "\(conversation.server.issuer)/authorize?client_id=\(client)&request_uri=\(WebClient.escape(uri))")
    }

    @Test func `a pushed request can be used once, by its client`() async throws {
        try await withPushing(.required) { conversation async throws in
            let pushed = try await push(conversation)
            #expect(pushed.status == 201)
            #expect(pushed.json["expires_in"] == 60)
            let uri = try #require(pushed.json["request_uri"]?.text)
            #expect(try await open(uri, conversation, client: "stranger").status == 400)
            let answer = try await open(uri, conversation)
            #expect(answer.redirected["state"] == "s")
            let code = try #require(answer.redirected["code"])
            #expect(try await conversation.exchange(code).status == 200)
            #expect(try await open(uri, conversation).status == 400)
        }
    }

    @Test func `a pushed request expires after a minute`() async throws {
        try await withPushing(.optional) { conversation async throws in
            let uri = try #require(try await push(conversation).json["request_uri"]?.text)
            conversation.server.advanceClock(bySeconds: 61)
            #expect(try await open(uri, conversation).status == 400)
        }
    }

    @Test func `an invalid request is refused when it is pushed`() async throws {
        try await withPushing(.optional) { conversation async throws in
            #expect(try await push(conversation, challenge: "short").error == "invalid_request")
            let stranger = Conversation(conversation.server, clientID: "stranger")
            #expect(try await push(stranger).error == "invalid_client")
        }
    }

    @Test func `a server can require, allow or not support pushed requests`() async throws {
        try await withPushing(.required) { conversation async throws in
            #expect(try await conversation.authorize().redirected["error"] == "invalid_request")
            let place = conversation.server.issuer + "/.well-known/oauth-authorization-server"
            #expect(try await WebClient.get(place).json["require_pushed_authorization_requests"] == true)
        }
        try await withPushing(.optional) { conversation async throws in
            #expect(try await conversation.authorize().redirected["code"] != nil)
        }
        try await withPushing(.off) { conversation async throws in #expect(try await push(conversation).status == 404) }
    }
}
