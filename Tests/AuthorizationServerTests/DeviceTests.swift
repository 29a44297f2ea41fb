import AuthorizationServer
import Testing

@Suite("Logins at another device (RFC 8628)", .timeLimit(.minutes(1)))
struct DeviceTests {
    private func withDevices(
        _ change: (inout DeviceRules) -> Void = { _ in }, _ body: (Conversation) async throws -> Void
    ) async throws {
        var configuration = AuthorizationServerConfiguration()
        configuration.device.isOffered = true
        change(&configuration.device)
        try await withServer(configuration, body)
    }

    private func begin(_ conversation: Conversation) async throws -> WebClient.Answer {
        try await WebClient.post(
            conversation.server.issuer + "/device_authorization",
            ["client_id": conversation.clientID, "scope": "read_repository"])
    }

    private func poll(_ conversation: Conversation, _ begun: WebClient.Answer) async throws -> WebClient.Answer {
        try await conversation.token([
            "grant_type": "urn:ietf:params:oauth:grant-type:device_code", "client_id": conversation.clientID,
            "device_code": begun.json["device_code"]?.text,
        ])
    }

    @Test func `polls get slow_down or authorization_pending, and then tokens once`() async throws {
        try await withDevices({ ($0.slowDowns, $0.pendingPolls) = (1, 2) }) { conversation async throws in
            let begun = try await begin(conversation)
            #expect(begun.json["user_code"]?.text?.count == 9)
            #expect(begun.json["interval"] == 1)
            var errors: [String?] = []
            for _ in 0..<3 { errors.append(try await poll(conversation, begun).error) }
            #expect(errors == ["slow_down", "authorization_pending", "authorization_pending"])
            let token = try #require(try await poll(conversation, begun).json["access_token"]?.text)
            #expect(conversation.server.introspect(token)?.scopes == ["read_repository"])
            #expect(try await poll(conversation, begun).error == "invalid_grant")
        }
    }

    @Test(arguments: [(DeviceRules.Outcome.denied, "access_denied"), (.expired, "expired_token")])
    func `a login can end without tokens`(outcome: DeviceRules.Outcome, error: String) async throws {
        try await withDevices({ ($0.pendingPolls, $0.outcome) = (0, outcome) }) { conversation async throws in
            #expect(try await poll(conversation, try await begin(conversation)).error == error)
        }
    }

    @Test func `codes expire`() async throws {
        try await withDevices { conversation async throws in
            let begun = try await begin(conversation)
            conversation.server.advanceClock(bySeconds: 301)
            #expect(try await poll(conversation, begun).error == "expired_token")
        }
    }

    @Test func `a test can change the endpoint's response, or switch the endpoint off`() async throws {
        try await withDevices({ $0.extraMembers = ["verification_uri": .null] }) { conversation async throws in
            #expect(try await begin(conversation).json["verification_uri"] == nil)
            let place = conversation.server.issuer + "/.well-known/oauth-authorization-server"
            #expect(try await WebClient.get(place).json["device_authorization_endpoint"] != nil)
        }
        try await withServer { conversation async throws in #expect(try await begin(conversation).status == 404) }
    }
}
