import AuthorizationServer
import Testing

@Suite("Protected resource metadata (RFC 9728)", .timeLimit(.minutes(1)))
struct ProtectedResourceTests {
    private func withResource(
        _ change: (inout ProtectedResource) -> Void = { _ in },
        _ body: (Conversation, _ url: String) async throws -> Void
    ) async throws {
        var resource = ProtectedResource()
        change(&resource)
        var configuration = AuthorizationServerConfiguration()
        configuration.resources = [resource]
        try await withServer(configuration) { try await body($0, "http://127.0.0.1:\($0.server.port)/mcp") }
    }

    @Test func `the answer to a request without a token names the metadata`() async throws {
        try await withResource { conversation, url async throws in
            let answer = try await WebClient.get(url)
            let place = "http://127.0.0.1:\(conversation.server.port)/.well-known/oauth-protected-resource/mcp"
            #expect(answer.status == 401)
            #expect(answer["www-authenticate"] == "Bearer resource_metadata=\"\(place)\"")
            let metadata = try await WebClient.get(place).json
            #expect(metadata["resource"]?.text == url)
            #expect(metadata["authorization_servers"]?.texts == [conversation.server.issuer])
        }
    }

    @Test func `a token is accepted if its resource and scopes fit`() async throws {
        try await withResource({ $0.requiredScopes = ["write_repository"] }) { conversation, url async throws in
            func status(_ changes: [String: String?]) async throws -> Int {
                let token = try await conversation.login(changes).access
                return try await WebClient.get(url, headers: ["Authorization": "Bearer \(token)"]).status
            }
            #expect(try await status(["resource": url]) == 200)
            #expect(try await status([:]) == 200)
            #expect(try await status(["scope": "read_repository"]) == 403)
            let token = try await conversation.login(["scope": "read_repository"]).access
            let answer = try await WebClient.get(url, headers: ["Authorization": "Bearer \(token)"])
            #expect(answer["www-authenticate"]?.contains("insufficient_scope\", scope=\"write_repository\"") == true)
        }
    }

    @Test func `a test can change the challenge, the locations and the metadata`() async throws {
        try await withResource({
            $0.challenges = ["Basic realm=\"x\"", "Bearer"]
            $0.metadataPlaces = ["/elsewhere"]
            $0.extraMetadata = ["authorization_servers": ["https://other.example"], "resource": .null]
        }) { conversation, url async throws in
            let fields = try await WebClient.get(url).headers.filter { $0.name.lowercased() == "www-authenticate" }
            #expect(fields.map(\.value) == ["Basic realm=\"x\"", "Bearer"])
            let origin = "http://127.0.0.1:\(conversation.server.port)"
            #expect(try await WebClient.get(origin + "/.well-known/oauth-protected-resource/mcp").status == 404)
            let metadata = try await WebClient.get(origin + "/elsewhere").json
            #expect(metadata["authorization_servers"] == ["https://other.example"])
            #expect(metadata["resource"] == nil)
        }
    }

    @Test func `only some of the scopes may be granted`() async throws {
        var configuration = AuthorizationServerConfiguration()
        configuration.grantedScopes = ["read_repository"]
        try await withServer(configuration) { conversation async throws in
            let tokens = try await conversation.login()
            #expect(conversation.server.introspect(tokens.access)?.scopes == ["read_repository"])
        }
    }
}
