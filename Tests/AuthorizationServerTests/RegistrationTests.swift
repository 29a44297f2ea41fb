import AuthorizationServer
import Testing

@Suite("Dynamic client registration (RFC 7591)", .timeLimit(.minutes(1)))
struct RegistrationTests {
    private func register(
        _ conversation: Conversation, _ changes: [String: JSONValue] = [:]
    ) async throws -> WebClient.Answer {
        let members: [String: JSONValue] = [
            "redirect_uris": ["http://127.0.0.1/callback"], "token_endpoint_auth_method": "none",
            "grant_types": ["authorization_code", "refresh_token"], "response_types": ["code"],
            "client_name": "keyfob", "application_type": "native",
        ]
        let json = JSONValue.merging(members, changes)
        return try await WebClient.send("POST", conversation.server.issuer + "/register", json: json)
    }

    private func withOpenServer(
        _ change: (inout AuthorizationServerConfiguration) -> Void = { _ in },
        _ body: (Conversation) async throws -> Void
    ) async throws {
        var configuration = AuthorizationServerConfiguration()
        configuration.registration.access = .open
        change(&configuration)
        try await withServer(configuration) { try await body($0) }
    }

    @Test func `a client that registers itself can sign people in`() async throws {
        try await withOpenServer { conversation async throws in
            let answer = try await register(conversation)
            #expect(answer.status == 201)
            #expect(answer["cache-control"] == "no-store")
            #expect(answer.json["client_secret"] == nil)
            #expect(answer.json["client_name"] == "keyfob")
            let id = try #require(answer.json["client_id"]?.text)
            #expect(conversation.server.registeredClients == [id])
            let tokens = try await Conversation(conversation.server, clientID: id).login()
            #expect(conversation.server.introspect(tokens.access)?.clientID == id)
        }
    }

    @Test func `the request is in the log, and the endpoint is in the metadata`() async throws {
        try await withOpenServer { conversation async throws in
            let place = conversation.server.issuer + "/.well-known/oauth-authorization-server"
            let endpoint = conversation.server.issuer + "/register"
            #expect(try await WebClient.get(place).json["registration_endpoint"]?.text == endpoint)
            _ = try await register(conversation)
            let logged = try #require(conversation.server.requests(to: "/register").first)
            #expect(logged.json?["application_type"] == "native")
            #expect(logged.json?["redirect_uris"] == ["http://127.0.0.1/callback"])
        }
    }

    @Test func `a server without registration has no endpoint for it`() async throws {
        try await withServer { conversation async throws in
            #expect(try await register(conversation).status == 404)
            let place = conversation.server.issuer + "/.well-known/oauth-authorization-server"
            #expect(try await WebClient.get(place).json["registration_endpoint"] == nil)
        }
    }

    @Test func `a closed server requires an initial access token`() async throws {
        try await withOpenServer({ $0.registration.access = .closed }) { conversation async throws in
            let answer = try await register(conversation)
            #expect(answer.status == 401)
            #expect(answer["www-authenticate"]?.hasPrefix("Bearer") == true)
            #expect(conversation.server.registeredClients.isEmpty)
        }
    }

    @Test(
        arguments: [
            (["redirect_uris": .null], "invalid_redirect_uri"), (["redirect_uris": []], "invalid_redirect_uri"),
            (["redirect_uris": ["http://evil.example/"]], "invalid_redirect_uri"),
            (["redirect_uris": ["https://app.example/#x"]], "invalid_redirect_uri"),
            (["redirect_uris": "http://127.0.0.1/"], "invalid_redirect_uri"),
            (["token_endpoint_auth_method": "tls_client_auth"], "invalid_client_metadata"),
            (["grant_types": ["password"]], "invalid_client_metadata"),
        ] as [([String: JSONValue], String)])
    func `an invalid request is refused`(changes: [String: JSONValue], error: String) async throws {
        try await withOpenServer { conversation async throws in
            let answer = try await register(conversation, changes)
            #expect(answer.status == 400)
            #expect(answer.error == error)
            #expect(conversation.server.registeredClients.isEmpty)
        }
    }

    @Test func `a test can have redirect hosts and application types refused`() async throws {
        let refused: Set<String> = ["127.0.0.1"]
        try await withOpenServer({ $0.registration.refusedRedirectHosts = refused }) { conversation async throws in
            #expect(try await register(conversation).error == "invalid_redirect_uri")
            let local: [String: JSONValue] = ["redirect_uris": ["http://localhost/callback"]]
            #expect(try await register(conversation, local).status == 201)
        }
        try await withOpenServer({ $0.registration.loopbackNeedsNative = true }) { conversation async throws in
            #expect(try await register(conversation, ["application_type": .null]).error == "invalid_redirect_uri")
            #expect(try await register(conversation).status == 201)
        }
    }

    @Test(
        arguments: ClientAuthenticationMethod.allCases, ClientAuthenticationMethod.allCases)
    func `a client must use the authentication method that it was given`(
        given: ClientAuthenticationMethod, used: ClientAuthenticationMethod
    ) async throws {
        try await withOpenServer({ configuration in
            configuration.registration.authenticationMethod = given
            configuration.registration.givesSecretToPublicClients = true
        }) { conversation async throws in
            let answer = try await register(conversation)
            #expect(answer.json["token_endpoint_auth_method"]?.text == given.rawValue)
            let id = try #require(answer.json["client_id"]?.text)
            let secret = try #require(answer.json["client_secret"]?.text)
            #expect(answer.json["client_secret_expires_at"] == 0)
            let client = Conversation(conversation.server, clientID: id)
            let code = try await client.code()
            let token = try await client.exchange(code, secret: used == .none ? nil : (secret, used == .basic))
            #expect(token.status == (given == used ? 200 : 401))
        }
    }

    @Test func `a secret can expire`() async throws {
        try await withOpenServer({ configuration in
            configuration.registration.authenticationMethod = .post
            configuration.registration.secretLifetime = 100
        }) { conversation async throws in
            let answer = try await register(conversation).json
            let id = try #require(answer["client_id"]?.text)
            let secret = try #require(answer["client_secret"]?.text)
            #expect(answer["client_secret_expires_at"] != 0)
            let client = Conversation(conversation.server, clientID: id)
            #expect(try await client.exchange(try await client.code(), secret: (secret, false)).status == 200)
            conversation.server.advanceClock(bySeconds: 101)
            let late = try await client.exchange(try await client.code(), secret: (secret, false))
            #expect(late.error == "invalid_client")
        }
    }

    @Test func `a client that the server forgets loses its grants`() async throws {
        try await withOpenServer { conversation async throws in
            let id = try #require(try await register(conversation).json["client_id"]?.text)
            let client = Conversation(conversation.server, clientID: id)
            let tokens = try await client.login()
            conversation.server.forgetClient(id)
            #expect(try await client.refresh(tokens.refresh).error == "invalid_client")
            #expect(try await client.authorize().status == 400)
            #expect(conversation.server.introspect(tokens.access) == nil)
        }
    }

    // RFC 7592.
    @Test func `a registration can be read, changed and deleted by its newest token`() async throws {
        try await withOpenServer { conversation async throws in
            let made = try await register(conversation).json
            let id = try #require(made["client_id"]?.text)
            let place = try #require(made["registration_client_uri"]?.text)
            let first = try #require(made["registration_access_token"]?.text)
            let read = try await WebClient.send("GET", place, headers: ["Authorization": "Bearer \(first)"], body: nil)
            #expect(read.json["client_id"]?.text == id)
            let change: [String: JSONValue] = ["client_id": .string(id), "redirect_uris": ["http://127.0.0.1:9/new"]]
            let changed = try await WebClient.send("PUT", place, json: change, bearer: first)
            #expect(changed.status == 200)
            #expect(changed.json["redirect_uris"] == ["http://127.0.0.1:9/new"])
            let newest = try #require(changed.json["registration_access_token"]?.text)
            func delete(_ token: String) async throws -> Int {
                let headers = ["Authorization": "Bearer \(token)"]
                return try await WebClient.send("DELETE", place, headers: headers, body: nil).status
            }
            #expect(try await delete(first) == 401)
            #expect(try await delete(newest) == 204)
            #expect(conversation.server.registeredClients.isEmpty)
            #expect(try await delete(newest) == 401)
        }
    }
}
