import Addresses
import FoundationEssentials
import Secrets
import TestSupport
import Testing

@testable import OAuth

private typealias Answer = ScriptedTransport.Answer

private func register(
    _ answers: [Answer], asking metadata: ClientMetadata = Registrations.asked
) async throws -> (Result<ClientRegistration, OAuthError>, [HTTPRequest]) {
    let transport = ScriptedTransport([Registrations.address: answers])
    let endpoint = RegistrationEndpoint(url: try EndpointURL(Registrations.address), transport: transport)
    do throws(OAuthError) {
        return (.success(try await endpoint.register(metadata, issuer: Examples.issuer)), transport.requests)
    } catch {
        return (.failure(error), transport.requests)
    }
}

@Suite struct `A registration request` {
    // sep-837, sep-2207-client-metadata-grant-types
    @Test func `contains everything that a server needs`() async throws {
        let (_, requests) = try await register([Registrations.answer()])
        let request = try #require(requests.first)
        #expect(request.method == .post && request.url.string == Registrations.address)
        #expect(request.authorization == nil && request.form == nil)
        #expect(
            request.json?.exposedText == """
                {"application_type":"native","client_name":"keyfob",\
                "grant_types":["authorization_code","refresh_token"],\
                "redirect_uris":["http://127.0.0.1:4711/callback"],"response_types":["code"],"scope":"read write",\
                "software_id":"org.keyfob","token_endpoint_auth_method":"none"}
                """)
        #expect(requests.count == 1)
    }

    @Test func `omits what is unknown`() async throws {
        let (_, requests) = try await register(
            [Registrations.answer()], asking: ClientMetadata(redirectURIs: [Registrations.redirectURI]))
        let body = try #require(requests.first?.json?.exposedText)
        #expect(!body.contains("\"scope\"") && !body.contains("null"))
        #expect(!body.contains("client_id") && !body.contains("client_secret"))
    }

    @Test(
        arguments: [
            (nil, .none), (["none"], .none), (["client_secret_post", "client_secret_basic", "none"], .none),
            (["client_secret_post", "client_secret_basic"], .basic), (["client_secret_post"], .post),
            (["private_key_jwt"], .none), ([], .none),
        ] as [([String]?, ClientAuthentication)])
    func `requests no authentication unless the server only supports other methods`(
        supported: [String]?, method: ClientAuthentication
    ) {
        #expect(ClientAuthentication.preferred(among: supported) == method)
    }
}

@Suite struct `A registration` {
    private func registration(_ answer: Answer) async throws -> ClientRegistration {
        try await register([answer]).0.get()
    }

    @Test(arguments: [200, 201])
    func `is parsed`(status: Int) async throws {
        #expect(try await registration(Registrations.answer(status: status)) == Registrations.made())
    }

    // token-endpoint-auth-basic, -post, -none: RFC 7591 section 3.2.1, whatever was requested.
    @Test(arguments: [
        ("client_secret_basic", ClientAuthentication.basic), ("client_secret_post", .post),
    ])
    func `uses the authentication method that the server chose`(method: String, authentication: ClientAuthentication)
        async throws
    {
        let answer = Registrations.answer([
            "token_endpoint_auth_method": "\"\(method)\"", "client_secret": "\"s3cr3t\"",
            "client_secret_expires_at": "0",
        ])
        #expect(
            try await registration(answer)
                == Registrations.made {
                    $0.client = Client(id: "c-1", secret: Secret("s3cr3t"), authentication: authentication)
                })
    }

    @Test(arguments: ["\"none\"", nil] as [String?])
    func `keeps a secret for a public client, which a server may want in spite of that`(method: String?) async throws {
        var changes = ["client_secret": "\"s3cr3t\"", "client_secret_expires_at": "1900000000"]
        changes["token_endpoint_auth_method"] = method
        let answer = Registrations.answer(changes, without: method == nil ? "token_endpoint_auth_method" : nil)
        #expect(
            try await registration(answer)
                == Registrations.made { $0.client = Client(id: "c-1", secret: Secret("s3cr3t"), authentication: .none) }
        )
    }

    @Test(arguments: ["client_secret_basic", "client_secret_post"])
    func `without a secret is that of a public client, whatever method the server names`(method: String) async throws {
        for secret in [[:], ["client_secret": "\"\""]] {
            let answer = Registrations.answer(secret.merging(["token_endpoint_auth_method": "\"\(method)\""]) { $1 })
            #expect(try await registration(answer) == Registrations.made())
        }
    }

    @Test func `uses the requested authentication method if the server names none`() async throws {
        var asked = Registrations.asked
        asked.tokenEndpointAuthMethod = .post
        let answer = Registrations.answer(["client_secret": "\"s\""], without: "token_endpoint_auth_method")
        let client = try await register([answer], asking: asked).0.get().client
        #expect(client == Client(id: "c-1", secret: Secret("s"), authentication: .post))
    }

    @Test(
        arguments: [
            ("1900000000", 1_900_000_000), ("\"1900000000\"", 1_900_000_000), ("0", nil), ("-1", nil), ("null", nil),
            ("1e300", nil), ("\"soon\"", nil), ("true", nil),
        ] as [(String, Int64?)])
    func `has the expiry of its secret`(json: String, moment: Int64?) async throws {
        let answer = Registrations.answer([
            "token_endpoint_auth_method": "\"client_secret_basic\"", "client_secret": "\"s\"",
            "client_secret_expires_at": json,
        ])
        #expect(try await registration(answer).secretExpiresAt == moment)
    }

    @Test(arguments: [
        // The requested URI, with or without the port
        ("[\"http://127.0.0.1:4711/callback\"]", ["http://127.0.0.1:4711/callback"]),
        ("[\"http://127.0.0.1/callback\"]", ["http://127.0.0.1:4711/callback"]),
        ("[\"https://x.example/\", \"http://127.0.0.1:4711/callback\"]", ["http://127.0.0.1:4711/callback"]),
        ("null", ["http://127.0.0.1:4711/callback"]),
        ("[\"http://localhost:4711/callback\", \"http://127.0.0.1:1/callback\"]", ["http://127.0.0.1:4711/callback"]),
        ("[\"http://127.0.0.1:4711/callback/\"]", ["http://127.0.0.1:4711/callback/"]),
        (
            "[\"http://127.0.0.1/callback/\", \"http://127.0.0.1/callback\"]", ["http://127.0.0.1:4711/callback"]
        ),
        ("[\"http://127.0.0.1:*/callback\"]", ["http://127.0.0.1:4711/callback"]),
    ])
    func `has the redirect URIs that the server accepted`(json: String, uris: [String]) async throws {
        #expect(try await registration(Registrations.answer(["redirect_uris": json])).redirectURIs == uris)
    }

    @Test(
        arguments: [
            (["http://127.0.0.1:4711/callback"], "http://127.0.0.1:4711/callback"),
            (["https://x.example/", "http://localhost:1/a", "http://127.0.0.1:2/"], "http://localhost:1/a"),
            ([], nil), (["urn:ietf:wg:oauth:2.0:oob"], nil),
        ] as [([String], String?)])
    func `uses the first redirect URI on which keyfob can listen`(uris: [String], used: String?) throws {
        #expect(try Registrations.made { $0.redirectURIs = uris }.redirect?.uri(port: nil) == used)
    }

    @Test(arguments: [(nil, false), (999, true), (1_000, true), (1_001, false)] as [(Int64?, Bool)])
    func `expires with its secret`(moment: Int64?, isOver: Bool) throws {
        #expect(try Registrations.made { $0.secretExpiresAt = moment }.isExpired(at: 1_000) == isOver)
    }

    @Test func `can be managed with the token that it contains`() async throws {
        let answer = Registrations.answer([
            "registration_access_token": "\"reg-token\"",
            "registration_client_uri": "\"https://login.example.com/register/c-1\"",
        ])
        let place = try EndpointURL("https://login.example.com/register/c-1")
        #expect(
            try await registration(answer)
                == Registrations.made {
                    $0.registrationAccessToken = Secret("reg-token")
                    $0.registrationClientURI = place
                })
    }

    // The token would be sent to any address in the answer.
    @Test(arguments: [
        ["registration_access_token": "\"t\""], ["registration_client_uri": "\"https://login.example.com/r\""],
        ["registration_access_token": "\"\"", "registration_client_uri": "\"https://login.example.com/r\""],
        [
            "registration_access_token": "\"t\\r\\nHost: x\"",
            "registration_client_uri": "\"https://login.example.com/r\"",
        ],
        ["registration_access_token": "\"t u\"", "registration_client_uri": "\"https://login.example.com/r\""],
        ["registration_access_token": "\"t\"", "registration_client_uri": "\"https://evil.example/r\""],
        ["registration_access_token": "\"t\"", "registration_client_uri": "\"https://login.example.com:8443/r\""],
        ["registration_access_token": "\"t\"", "registration_client_uri": "\"http://127.0.0.1/r\""],
        ["registration_access_token": "\"t\"", "registration_client_uri": "\"/register/c-1\""],
    ])
    func `cannot be managed with half of the data, or at another host`(changes: [String: String]) async throws {
        #expect(try await registration(Registrations.answer(changes)) == Registrations.made())
    }

    @Test(arguments: [
        (Registrations.answer(["client_id": "\"\""]), "client_id"),
        (Registrations.answer(["client_id": "\"c\\u001b\""]), "client_id"),
        (Registrations.answer(without: "client_id"), "client_id"), (.json("{}", status: 201), "client_id"),
        (.json(#"{"client_secret":"s"}"#), "client_id"), (.json(#"{"redirect_uris":["http://a/"]}"#), "client_id"),
        (.json("{", status: 201), "JSON"),
    ])
    private func `that is invalid is refused`(answer: Answer, member: String) async throws {
        let (result, requests) = try await register([answer])
        #expect(result == .failure(.malformed(host: "login.example.com", member: member)))
        #expect(requests.count == 1)
    }

    /// A registration cannot be undone by asking again, so members that decide nothing may have any form.
    @Test(arguments: [
        ["redirect_uris": "[]"], ["redirect_uris": "{}"], ["redirect_uris": "[null]"], ["redirect_uris": "7"],
        ["registration_access_token": "{}"], ["client_secret_expires_at": "\"never\""], ["client_name": "7"],
        ["client_secret": "false"], ["token_endpoint_auth_method": "[]"],
    ])
    func `with a member of another form is read`(changes: [String: String]) async throws {
        #expect(try await registration(Registrations.answer(changes)) == Registrations.made())
    }

    @Test func `with a number as client_id is read`() async throws {
        let made = try await registration(Registrations.answer(["client_id": "4711"]))
        #expect(made.client.id == "4711")
    }

    @Test(arguments: [("7", "7"), ("\"s \"", "s "), ("\" s\"", " s"), ("{\"value\":\"s\"}", "s")])
    func `has the secret as it came, also a number`(value: String, secret: String) async throws {
        let made = try await registration(
            Registrations.answer(["client_secret": value, "token_endpoint_auth_method": "\"client_secret_post\""]))
        #expect(made.client == Client(id: "c-1", secret: Secret(secret), authentication: .post))
    }

    @Test(arguments: ["private_key_jwt", "tls_client_auth", "client_secret_jwt"])
    func `with an unsupported authentication method is refused`(method: String) async throws {
        let (result, _) = try await register([
            Registrations.answer(["token_endpoint_auth_method": "\"\(method)\"", "client_secret": "\"s\""])
        ])
        #expect(result == .failure(.unsupportedClientAuthentication(method: method)))
    }
}

@Suite struct `A refused registration` {
    private static let rejectsLoopback = Answer.json(#"{"error":"invalid_redirect_uri"}"#, status: 400)

    // RFC 7591 section 3.2.2.
    @Test(arguments: [
        (400, "invalid_client_metadata"), (400, "invalid_software_statement"), (400, "invalid_request"),
        (403, "invalid_client_metadata"), (200, "invalid_client_metadata"),
    ])
    func `reports the server's reason`(status: Int, error: String) async throws {
        let body = #"{"error":"\#(error)","error_description":"no \u001b[2J"}"#
        let (result, requests) = try await register([.json(body, status: status)])
        let refusal = OAuthError.refused(
            host: "login.example.com", status: status, error: error, description: "no \u{FFFD}[2J")
        #expect(result == .failure(refusal))
        #expect(requests.count == 3)
    }

    /// Some servers know no other members than the necessary ones, or do not let clients choose their scope.
    @Test(arguments: [
        Answer.json(#"{"error":"invalid_client_metadata","error_description":"unknown member"}"#, status: 400),
        .json(#"{"error":"invalid_scope"}"#, status: 400), .json(#"{"detail":[{"loc":["scope"]}]}"#, status: 422),
        .json(#"{"message":"property application_type should not exist"}"#, status: 400), .status(400),
        .json(#"{"error":"invalid_request"}"#, status: 400),
    ])
    private func `is repeated once without the members that a server can do without`(answer: Answer) async throws {
        let (result, requests) = try await register([answer, Registrations.answer()])
        #expect(try result.get() == Registrations.made())
        let bodies = requests.compactMap { $0.json?.exposedText }
        #expect(
            bodies.last == """
                {"client_name":"keyfob","grant_types":["authorization_code","refresh_token"],\
                "redirect_uris":["http://127.0.0.1:4711/callback"],"response_types":["code"],\
                "token_endpoint_auth_method":"none"}
                """)
        #expect(bodies.count == 2 && bodies[0].contains("application_type"))
    }

    /// Some servers refuse the authentication method, or a type of grant, of which they say nothing in their metadata.
    @Test func `is repeated with the redirect URIs and the name alone at last`() async throws {
        let refusal = Answer.json(#"{"error":"invalid_client_metadata"}"#, status: 400)
        let made = Registrations.answer([
            "client_secret": "\"s\"", "token_endpoint_auth_method": "\"client_secret_basic\"",
        ])
        let (result, requests) = try await register([refusal, refusal, made])
        #expect(try result.get().client == Client(id: "c-1", secret: Secret("s"), authentication: .basic))
        let least = #"{"client_name":"keyfob","redirect_uris":["http://127.0.0.1:4711/callback"]}"#
        #expect(requests.last?.json?.exposedText == least && requests.count == 3)
    }

    @Test(arguments: [400, 422]) func `that names a client all the same is not repeated, and the client is deleted`(
        status: Int
    ) async throws {
        let place = Registrations.address + "/c-1"
        let transport = ScriptedTransport([
            Registrations.address: [
                Registrations.answer(
                    [
                        "error": "\"invalid_client_metadata\"", "registration_access_token": "\"t\"",
                        "registration_client_uri": "\"\(place)\"",
                    ], status: status)
            ], place: [.status(204)],
        ])
        let endpoint = RegistrationEndpoint(url: try EndpointURL(Registrations.address), transport: transport)
        await #expect(throws: OAuthError.malformed(host: "login.example.com", member: "client_id")) {
            try await endpoint.register(Registrations.asked, issuer: Examples.issuer)
        }
        #expect(transport.requests.map(\.method) == [.post, .delete])
    }

    /// The first reason is about the request that a user would compare with the server's documents.
    @Test func `that is refused a second time reports the first reason`() async throws {
        let (result, _) = try await register([
            .json(#"{"error":"invalid_client_metadata","error_description":"no scope"}"#, status: 400),
            .json(#"{"error":"invalid_request"}"#, status: 400),
        ])
        guard case .failure(.refused(_, 400, "invalid_client_metadata", "no scope")) = result
        else { Issue.record("\(result)"); return }
    }

    /// Some servers have one error for all members.
    @Test func `whose words name the redirect URI is tried with localhost`() async throws {
        let words = #"{"error":"invalid_client_metadata","error_description":"Redirect URI must use localhost"}"#
        let uri = "http://localhost:4711/callback"
        let (result, requests) = try await register([
            .json(words, status: 400), Registrations.answer(["redirect_uris": "[\"\(uri)\"]"]),
        ])
        #expect(try result.get() == Registrations.made { $0.redirectURIs = [uri] })
        #expect(requests.count == 2 && requests[1].json?.exposedText?.contains("application_type") == true)
    }

    @Test(arguments: [
        Answer.status(401), .status(403), .status(404), .status(405),
        .json(#"{"error":"invalid_token"}"#, status: 401), .json(#"{"error":"access_denied"}"#, status: 403),
        .body("<p>Forbidden", type: "text/html", status: 403), .json("{}", status: 400), .status(415), .status(501),
        .status(307), .body("<p>", type: "text/html"), .json("{}"), .json("[]", status: 201),
    ])
    private func `can mean that the server accepts no registrations`(answer: Answer) async throws {
        guard case .response(let response) = answer else { return }
        let (result, requests) = try await register([answer])
        #expect(result == .failure(.registrationClosed(host: "login.example.com", status: response.status)))
        #expect(requests.count == (response.status == 400 ? 3 : 1))
    }

    @Test(arguments: [
        (
            Answer.status(503, fields: [(name: "Retry-After", value: "9")]),
            OAuthError.unavailable(host: "login.example.com", status: 503, retryAfter: 9)
        ),
        (.status(408), .unavailable(host: "login.example.com", status: 408, retryAfter: nil)),
        (.status(425), .unavailable(host: "login.example.com", status: 425, retryAfter: nil)),
        (.failure(.timedOut(host: "login.example.com", seconds: 1)), .timedOut(host: "login.example.com", seconds: 1)),
    ])
    private func `is not repeated`(answer: Answer, error: OAuthError) async throws {
        let (result, requests) = try await register([answer, Registrations.answer()])
        #expect(result == .failure(error))
        #expect(requests.count == 1)
    }

    // Not even a URI on which keyfob could listen. Otherwise the server would choose who gets its codes.
    @Test(arguments: [
        ["https://evil.example/callback"], ["http://127.0.0.1:4711/callback/other"],
        ["http://127.0.0.1:4711/callback//"], ["http://[::1]:4711/callback"], ["http://127.0.0.1:4711/Callback"],
    ])
    func `with other redirect URIs counts as a failure, and is deleted again`(given: [String]) async throws {
        let place = Registrations.address + "/c-1"
        let list = given.map { "\"\($0)\"" }.joined(separator: ",")
        let transport = ScriptedTransport([
            Registrations.address: [
                Registrations.answer([
                    "redirect_uris": "[\(list)]", "registration_access_token": "\"t\"",
                    "registration_client_uri": "\"\(place)\"",
                ])
            ], place: [.status(204)],
        ])
        let endpoint = RegistrationEndpoint(url: try EndpointURL(Registrations.address), transport: transport)
        let error = OAuthError.redirectChanged(
            host: "login.example.com", wanted: Registrations.redirectURI, given: given)
        await #expect(throws: error) { try await endpoint.register(Registrations.asked, issuer: Examples.issuer) }
        #expect(transport.requests.map(\.method) == [.post, .delete])
    }

    @Test func `that changes 127.0.0.1 to localhost is repeated with localhost`() async throws {
        let uri = "http://localhost:4711/callback"
        let answer = Registrations.answer(["redirect_uris": "[\"\(uri)\"]"])
        let (result, requests) = try await register([answer, answer])
        #expect(try result.get() == Registrations.made { $0.redirectURIs = [uri] })
        #expect(requests.count == 2 && requests[1].json?.exposedText?.contains(uri) == true)
    }

    @Test func `for 127.0.0.1 is tried once more with localhost`() async throws {
        let uri = "http://localhost:4711/callback"
        let (result, requests) = try await register([
            Self.rejectsLoopback, Registrations.answer(["redirect_uris": "[\"\(uri)\"]"]),
        ])
        #expect(try result.get() == Registrations.made { $0.redirectURIs = [uri] })
        let bodies = requests.compactMap { $0.json?.exposedText }
        #expect(bodies.count == 2 && bodies[0].contains(Registrations.redirectURI) && bodies[1].contains(uri))
        #expect(!bodies[1].contains("127.0.0.1"))
    }

    @Test func `for a labelled path is tried with localhost, then without the label, then with both`() async throws {
        let (path, port) = ("/0123abcd/callback", "4711")
        let asked = ClientMetadata(redirectURIs: ["http://127.0.0.1:\(port)\(path)"])
        let (result, requests) = try await register([Self.rejectsLoopback], asking: asked)
        #expect(throws: OAuthError.self) { try result.get() }
        let bodies = requests.compactMap { $0.json?.exposedText }
        let expected = [
            "127.0.0.1:4711/0123abcd/callback", "localhost:4711/0123abcd/callback", "127.0.0.1:4711/callback",
            "localhost:4711/callback",
        ]
        #expect(bodies.count == expected.count)
        for (body, uri) in zip(bodies, expected) { #expect(body.contains("[\"http://\(uri)\"]")) }
    }

    @Test func `for localhost too is final`() async throws {
        let (result, requests) = try await register([Self.rejectsLoopback])
        let refusal = OAuthError.refused(
            host: "login.example.com", status: 400, error: "invalid_redirect_uri", description: nil)
        #expect(result == .failure(refusal))
        #expect(requests.count == 2)

        let (second, more) = try await register(
            [Self.rejectsLoopback], asking: ClientMetadata(redirectURIs: ["http://localhost:4711/callback"]))
        #expect(second == .failure(refusal))
        #expect(more.count == 1)
    }
}
