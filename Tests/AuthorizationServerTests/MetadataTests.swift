import AuthorizationServer
import Testing

@Suite("Metadata (RFC 8414)", .timeLimit(.minutes(1)))
struct MetadataTests {
    @Test(arguments: ["/.well-known/oauth-authorization-server", "/.well-known/openid-configuration"])
    func `the metadata of an issuer without a path are at both locations`(place: String) async throws {
        try await withServer { conversation in
            let answer = try await WebClient.get(conversation.server.issuer + place)
            #expect(answer.status == 200)
            #expect(answer["content-type"] == "application/json")
            #expect(answer.json["issuer"]?.text == conversation.server.issuer)
            #expect(answer.json["token_endpoint"]?.text == conversation.server.issuer + "/token")
            #expect(answer.json["code_challenge_methods_supported"] == ["S256"])
            #expect(answer.json["authorization_response_iss_parameter_supported"] == true)
        }
    }

    @Test(arguments: [
        ("/.well-known/oauth-authorization-server/tenant", 200), ("/.well-known/openid-configuration/tenant", 200),
        ("/tenant/.well-known/openid-configuration", 200), ("/.well-known/oauth-authorization-server", 404),
        ("/.well-known/openid-configuration", 404), ("/tenant/.well-known/oauth-authorization-server", 404),
    ])
    func `the metadata of an issuer with a path are only at locations with that path`(place: String, status: Int)
        async throws
    {
        var configuration = AuthorizationServerConfiguration()
        configuration.issuerPath = "/tenant"
        try await withServer(configuration) { conversation in
            let answer = try await WebClient.get("http://127.0.0.1:\(conversation.server.port)\(place)")
            #expect(answer.status == status)
            guard status == 200 else { return }
            #expect(answer.json["issuer"]?.text == "http://127.0.0.1:\(conversation.server.port)/tenant")
        }
    }

    @Test func `an issuer with a path signs in below that path`() async throws {
        var configuration = AuthorizationServerConfiguration()
        configuration.issuerPath = "/tenant"
        try await withServer(configuration) { conversation in
            let tokens = try await conversation.login()
            #expect(conversation.server.introspect(tokens.access) != nil)
            #expect(conversation.server.requests(to: "/token").count == 1)
        }
    }

    @Test func `a test can change the metadata`() async throws {
        var configuration = AuthorizationServerConfiguration()
        configuration.announcedIssuer = "https://honest.example"
        configuration.advertisesPKCE = false
        configuration.advertisesIssuerParameter = false
        configuration.extraMetadata = ["token_endpoint": "javascript:1", "revocation_endpoint": .null]
        try await withServer(configuration) { conversation in
            let place = "/.well-known/oauth-authorization-server"
            let json = try await WebClient.get(conversation.server.issuer + place).json
            #expect(json["issuer"] == "https://honest.example")
            #expect(json["code_challenge_methods_supported"] == nil)
            #expect(json["authorization_response_iss_parameter_supported"] == nil)
            #expect(json["token_endpoint"] == "javascript:1")
            #expect(json["revocation_endpoint"] == nil)
        }
    }

    @Test(arguments: [
        ("GET", "/token", 405), ("GET", "/revoke", 405), ("PUT", "/authorize", 405), ("GET", "/", 404),
        ("GET", "/introspect", 404), ("POST", "/.well-known/oauth-authorization-server", 405),
    ])
    func `other methods and paths are refused`(method: String, place: String, status: Int) async throws {
        try await withServer { conversation in
            let url = conversation.server.issuer + place
            let answer = try await WebClient.send(method, url, headers: [:], body: nil)
            #expect(answer.status == status)
        }
    }
}
