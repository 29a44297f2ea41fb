import AuthorizationServer
import Secrets
import Testing

@Suite("Revocation and introspection (RFC 7009, RFC 7662)", .timeLimit(.minutes(1)))
struct RevocationTests {
    @Test func `revoking the refresh token ends the grant and all of its tokens`() async throws {
        try await withServer { conversation in
            let (access, refresh) = try await conversation.login()
            #expect(try await conversation.revoke(refresh).status == 200)
            #expect(conversation.server.introspect(access) == nil)
            #expect(try await conversation.refresh(refresh).error == "invalid_grant")
            #expect(conversation.server.liveRefreshTokens.isEmpty)
        }
    }

    @Test func `revoking the access token leaves the grant`() async throws {
        try await withServer { conversation in
            let (access, refresh) = try await conversation.login()
            #expect(try await conversation.revoke(access).status == 200)
            #expect(conversation.server.introspect(access) == nil)
            #expect(try await conversation.refresh(refresh).status == 200)
        }
    }

    @Test func `the revocation of an unknown token succeeds`() async throws {
        try await withServer { conversation in
            let answer = try await conversation.revoke("made-up")
            #expect(answer.status == 200)
        }
    }

    @Test func `a client revokes its own tokens only`() async throws {
        let other = RegisteredClient(id: "other", redirectURIs: ["http://127.0.0.1/callback"])
        try await withServer(AuthorizationServerConfiguration(clients: [.demo, other])) { conversation in
            let (access, refresh) = try await conversation.login()
            for token in [access, refresh] {
                #expect(try await conversation.revoke(token, client: "other").status == 200)
                let answer = try await conversation.revoke(token, client: "stranger")
                #expect(answer.error == "invalid_client")
            }
            #expect(conversation.server.introspect(access) != nil)
            #expect(try await conversation.refresh(refresh).status == 200)
        }
    }

    @Test func `introspection describes a valid token to a resource server`() async throws {
        let secret = Secret("resource server")
        try await withServer(AuthorizationServerConfiguration(introspectionSecret: secret)) { conversation in
            let (access, refresh) = try await conversation.login()
            func ask(_ token: String) async throws -> [String: JSONValue] {
                try await WebClient.post(
                    conversation.server.issuer + "/introspect", ["token": token],
                    headers: ["Authorization": "Bearer resource server"]
                ).json
            }
            let answer = try await ask(access)
            #expect(answer["active"] == true)
            #expect(answer["client_id"] == "keyfob-demo")
            #expect(answer["username"] == "demo")
            #expect(answer["scope"] == "read_repository write_repository")
            // A refresh token is not an access token. The answer for an invalid token has no other members.
            #expect(try await ask(refresh) == ["active": false])
            #expect(try await ask("made-up") == ["active": false])
            conversation.server.withdrawAccessTokens()
            #expect(try await ask(access) == ["active": false])
        }
    }

    @Test(arguments: [nil, "Bearer wrong", "Basic cmVzb3VyY2Ugc2VydmVy", "Bearer "])
    func `introspection requires the secret`(authorization: String?) async throws {
        let secret = Secret("resource server")
        try await withServer(AuthorizationServerConfiguration(introspectionSecret: secret)) { conversation in
            let (access, _) = try await conversation.login()
            let answer = try await WebClient.post(
                conversation.server.issuer + "/introspect", ["token": access],
                headers: authorization.map { ["Authorization": $0] } ?? [:])
            #expect(answer.status == 401)
            #expect(answer.json["active"] == nil)
        }
    }
}
