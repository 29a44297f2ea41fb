import AuthorizationServer
import Testing

@Suite("Refresh and rotation (RFC 6749 section 6, RFC 9700 section 4.14)", .timeLimit(.minutes(1)))
struct RefreshTests {
    @Test func `a refresh gives two new tokens, and the new refresh token works`() async throws {
        try await withServer { conversation in
            var (access, refresh) = try await conversation.login()
            for _ in 0..<3 {
                let answer = try await conversation.refresh(refresh)
                #expect(answer.status == 200)
                #expect(answer["cache-control"] == "no-store")
                let next = try #require(answer.json["refresh_token"]?.text)
                #expect(next != refresh)
                #expect(answer.json["access_token"]?.text != access)
                (access, refresh) = (try #require(answer.json["access_token"]?.text), next)
            }
            #expect(conversation.server.introspect(access) != nil)
            #expect(conversation.server.liveRefreshTokens.count == 1)
        }
    }

    @Test func `the reuse of a refresh token revokes all tokens of its grant`() async throws {
        try await withServer { conversation in
            let (_, first) = try await conversation.login()
            let other = try await conversation.login()
            let answer = try await conversation.refresh(first).json
            let (access, second) = (
                try #require(answer["access_token"]?.text), try #require(answer["refresh_token"]?.text)
            )
            #expect(try await conversation.refresh(first).error == "invalid_grant")
            #expect(try await conversation.refresh(second).error == "invalid_grant")
            #expect(conversation.server.introspect(access) == nil)
            #expect(conversation.server.introspect(other.access) != nil, "another login is another grant")
            #expect(try await conversation.refresh(other.refresh).status == 200)
        }
    }

    @Test func `without reuse detection only the used token is refused`() async throws {
        try await withServer { conversation in
            conversation.server.reconfigure { $0.revokesFamilyOnReuse = false }
            let (_, first) = try await conversation.login()
            let second = try #require(try await conversation.refresh(first).json["refresh_token"]?.text)
            #expect(try await conversation.refresh(first).error == "invalid_grant")
            #expect(try await conversation.refresh(second).status == 200)
        }
    }

    @Test func `without rotation the refresh token stays valid, and no new one is sent`() async throws {
        try await withServer { conversation in
            conversation.server.reconfigure { $0.rotates = false }
            let (_, token) = try await conversation.login()
            for _ in 0..<2 {
                let answer = try await conversation.refresh(token)
                #expect(answer.status == 200)
                #expect(answer.json["refresh_token"] == nil)
            }
        }
    }

    @Test func `of many parallel refreshes with one token, one succeeds`() async throws {
        try await withServer { conversation in
            conversation.server.reconfigure { $0.revokesFamilyOnReuse = false }
            let (_, token) = try await conversation.login()
            let statuses = try await withThrowingTaskGroup(of: Int.self) { group in
                for _ in 0..<16 { group.addTask { try await conversation.refresh(token).status } }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(statuses.count { $0 == 200 } == 1)
            #expect(statuses.count { $0 == 400 } == 15)
        }
    }

    @Test func `a refresh token works only for its client, and other clients do not use it up`() async throws {
        let other = RegisteredClient(id: "other", redirectURIs: ["http://127.0.0.1/callback"])
        try await withServer(AuthorizationServerConfiguration(clients: [.demo, other])) { conversation in
            let (_, token) = try await conversation.login()
            #expect(try await conversation.refresh(token, client: "other").error == "invalid_grant")
            #expect(try await conversation.refresh("made-up").error == "invalid_grant")
            #expect(try await conversation.refresh(token).status == 200)
        }
    }

    @Test func `scopes can be narrowed but not widened, and a refused request uses up no token`() async throws {
        try await withServer { conversation in
            let (_, token) = try await conversation.login(["scope": "read_repository"])
            let wider = try await conversation.refresh(token, scope: "read_repository write_repository")
            #expect(wider.error == "invalid_scope")
            let answer = try await conversation.refresh(token, scope: "read_repository")
            #expect(answer.json["scope"] == "read_repository")
        }
    }

    // RFC 8707 section 2.2.
    @Test func `a token is valid only for the granted resources`() async throws {
        try await withServer { conversation in
            let (_, token) = try await conversation.login(["resource": "https://git.example.com/"])
            func refresh(_ resource: String) async throws -> WebClient.Answer {
                try await conversation.token([
                    "grant_type": "refresh_token", "refresh_token": token, "client_id": "keyfob-demo",
                    "resource": resource,
                ])
            }
            #expect(try await refresh("https://other.example/").error == "invalid_target")
            let access = try #require(try await refresh("https://git.example.com/").json["access_token"]?.text)
            #expect(conversation.server.introspect(access)?.resources == ["https://git.example.com/"])
        }
    }

    @Test func `an access token expires by the server's clock`() async throws {
        try await withServer { conversation in
            conversation.server.reconfigure { $0.accessTokenLifetime = 100 }
            let (access, _) = try await conversation.login()
            conversation.server.advanceClock(bySeconds: 90)
            #expect(conversation.server.introspect(access) != nil)
            #expect(conversation.server.liveAccessTokenCount == 1)
            conversation.server.advanceClock(bySeconds: 11)
            #expect(conversation.server.introspect(access) == nil)
            #expect(conversation.server.liveAccessTokenCount == 0)
        }
    }
}
