import Addresses
import FoundationEssentials
import Secrets
import TestSupport
import Testing

@testable import OAuth

@Suite struct `Requests to the token endpoint` {
    private static let address = "https://login.example.com/token"
    private static let success = ScriptedTransport.Answer.json(#"{"access_token":"AT","token_type":"Bearer"}"#)

    private func form(of request: HTTPRequest?) throws -> [String: String] {
        let text = try #require(request?.form?.exposedText)
        return try Dictionary(#require(FormEncoding.decode(text)).map { ($0.name, $0.value) }) { first, second in
            Issue.record("a parameter stands there twice: \(first), \(second)")
            return first
        }
    }

    private func endpoint(_ client: Client, _ transport: ScriptedTransport) throws -> TokenEndpoint {
        TokenEndpoint(url: try EndpointURL(Self.address), client: client, transport: transport)
    }

    @Test func `exchange a code`() async throws {
        let transport = ScriptedTransport([Self.address: [Self.success]])
        _ = try await endpoint(Client(id: "me"), transport).exchange(
            code: Secret("c+d"), codeVerifier: Secret("v"), redirectURI: "http://127.0.0.1:1/callback",
            resource: "https://git.example.com/")
        #expect(
            try form(of: transport.requests.first) == [
                "grant_type": "authorization_code", "code": "c+d", "redirect_uri": "http://127.0.0.1:1/callback",
                "code_verifier": "v", "client_id": "me", "resource": "https://git.example.com/",
            ])
        #expect(transport.requests.first?.method == .post)
        #expect(transport.requests.first?.authorization == nil)
        #expect(transport.requests.first?.responseLimit == 262_144)
    }

    @Test func `refresh`() async throws {
        let transport = ScriptedTransport([Self.address: [Self.success]])
        _ = try await endpoint(Client(id: "me"), transport).refresh(Secret("RT"), resource: nil)
        #expect(
            try form(of: transport.requests.first) == [
                "grant_type": "refresh_token", "refresh_token": "RT", "client_id": "me",
            ])
    }

    // RFC 6749 section 2.3.1: both parts are form-urlencoded before they are joined.
    @Test func `authenticate the client in a header`() async throws {
        let transport = ScriptedTransport([Self.address: [Self.success]])
        let client = Client(id: "m:e", secret: Secret("a:b%/+ ü"), authentication: .basic)
        _ = try await endpoint(client, transport).refresh(Secret("RT"), resource: nil)

        let value = try #require(transport.requests.first?.authorization?.exposedText)
        let decoded = try #require(Data(base64Encoded: String(value.dropFirst("Basic ".count))))
        #expect(value.hasPrefix("Basic "))
        #expect(String(decoding: decoded, as: UTF8.self) == "m%3Ae:a%3Ab%25%2F%2B%20%C3%BC")
        let parameters = try form(of: transport.requests.first)
        #expect(parameters["client_id"] == "m:e")
        #expect(parameters["client_secret"] == nil)
    }

    @Test func `authenticate the client in the body`() async throws {
        let transport = ScriptedTransport([Self.address: [Self.success]])
        let client = Client(id: "me", secret: Secret("s&t"), authentication: .post)
        _ = try await endpoint(client, transport).refresh(Secret("RT"), resource: nil)
        #expect(try form(of: transport.requests.first)["client_secret"] == "s&t")
        #expect(transport.requests.first?.authorization == nil)
    }

    @Test func `send no secret if the method is none`() async throws {
        let transport = ScriptedTransport([Self.address: [Self.success]])
        let client = Client(id: "me", secret: Secret("s"), authentication: .none)
        _ = try await endpoint(client, transport).refresh(Secret("RT"), resource: nil)
        #expect(try form(of: transport.requests.first)["client_secret"] == nil)
        #expect(transport.requests.first?.authorization == nil)
    }

    // Some servers repeat parts of the request in their error messages.
    @Test(arguments: [ClientAuthentication.none, .basic, .post])
    func `leave no secret in the server's error message`(authentication: ClientAuthentication) async throws {
        let (token, secret) = (Secret("rt-0123456789"), Secret("cs-0123456789"))
        let client = Client(id: "me", secret: secret, authentication: authentication)
        let credentials = Data("me:cs-0123456789".utf8).base64EncodedString()
        let answer = ScriptedTransport.Answer.json(
            #"{"error":"rt-0123456789","error_description":"no rt-0123456789, cs-0123456789, "# + credentials + #""}"#,
            status: 400)
        let transport = ScriptedTransport([Self.address: [answer]])
        // If they were not sent, the text holds a secret in another form.
        let description = authentication == .basic ? "no <secret>, <secret>, <secret>" : "<secret>"
        await #expect(
            throws: OAuthError.refused(
                host: "login.example.com", status: 400, error: "<secret>",
                description: description)
        ) { try await endpoint(client, transport).refresh(token, resource: nil) }
    }

    /// A refresh token that came beside an error cannot be had again.
    @Test(arguments: [(500, "server_error"), (503, "x"), (400, "temporarily_unavailable"), (400, "invalid_scope")])
    func `keep a new refresh token that came with an error`(status: Int, error: String) async throws {
        let answer = ScriptedTransport.Answer.json(#"{"error":"\#(error)","refresh_token":"new"}"#, status: status)
        let transport = ScriptedTransport([Self.address: [answer]])
        let refresh = try await endpoint(Client(id: "me"), transport).refresh(Secret("RT"), resource: nil)
        #expect(refresh.refreshToken == Secret("new"))
        #expect(throws: OAuthError.self) { try refresh.response.get() }
    }

    @Test(arguments: [(400, "invalid_grant"), (302, "x")])
    func `keep no refresh token of a refusal or a redirect`(status: Int, error: String) async throws {
        let answer = ScriptedTransport.Answer.json(#"{"error":"\#(error)","refresh_token":"new"}"#, status: status)
        let transport = ScriptedTransport([Self.address: [answer]])
        await #expect(throws: OAuthError.self) {
            try await endpoint(Client(id: "me"), transport).refresh(Secret("RT"), resource: nil)
        }
    }

    // The code is spent, but the refresh token in the answer is not.
    @Test(arguments: [
        #"{"refresh_token":"RT","token_type":"Bearer"}"#, #"{"refresh_token":"RT","access_token":"A"#,
        #"{"refresh_token":"RT","access_token":"A B"}"#,
    ])
    func `refresh at once if the answer to a code has only a refresh token`(body: String) async throws {
        let transport = ScriptedTransport([Self.address: [.json(body), Self.success]])
        let token = try await endpoint(Client(id: "me"), transport).exchange(
            code: Secret("c"), codeVerifier: Secret("v"), redirectURI: "http://127.0.0.1:1/",
            resource: "https://r.example")
        #expect(token.accessToken == Secret("AT") && token.refreshToken == Secret("RT"))
        let forms = transport.requests.compactMap { $0.form?.exposedText }
        #expect(forms.count == 2)
        #expect(forms[1].contains("grant_type=refresh_token&refresh_token=RT&resource=https"))
    }

    @Test(arguments: [
        (#"{"refresh_token":"RT","access_token":"AT","token_type":"mac"}"#, OAuthError.unexpectedTokenType("mac"), 1),
        (#"{"refresh_token":"RT","access_token":"A B"}"#, .unusableToken, 2),
    ])
    func `keep the error of an answer to a code if no refresh helps`(
        body: String, error: OAuthError, requests: Int
    ) async throws {
        let transport = ScriptedTransport([Self.address: [.json(body), .status(500)]])
        await #expect(throws: error) {
            try await endpoint(Client(id: "me"), transport).exchange(
                code: Secret("c"), codeVerifier: Secret("v"), redirectURI: "http://127.0.0.1:1/", resource: nil)
        }
        #expect(transport.requests.count == requests)
    }

    @Test(arguments: [
        ScriptedTransport.Answer.status(500), .failure(.unreachable(host: "login.example.com", reason: "x")),
        .failure(.timedOut(host: "login.example.com", seconds: 30)), .json(#"{"error":"invalid_grant"}"#, status: 400),
    ])
    func `are never repeated`(answer: ScriptedTransport.Answer) async throws {
        let transport = ScriptedTransport([Self.address: [answer, Self.success]])
        await #expect(throws: OAuthError.self) {
            try await endpoint(Client(id: "me"), transport).exchange(
                code: Secret("c"), codeVerifier: Secret("v"), redirectURI: "http://127.0.0.1:1/", resource: nil)
        }
        #expect(transport.requests.count == 1)
    }
}

@Suite struct `A refused client` {
    private static let address = "https://login.example.com/token"
    private static let success = ScriptedTransport.Answer.json(#"{"access_token":"AT","token_type":"Bearer"}"#)

    /// The form in which a request carries the client's secret.
    private func form(_ request: HTTPRequest) throws -> ClientAuthentication {
        let text = try #require(request.form?.exposedText)
        let parameters = try #require(FormEncoding.decode(text)).map(\.name)
        if parameters.contains("client_secret") { return .post }
        guard request.authorization != nil else { return .none }
        return parameters.contains("client_id") ? .basic : .plainBasic
    }

    private func forms(
        _ client: Client, supported: [String]? = nil, _ answers: [ScriptedTransport.Answer]
    ) async throws -> (forms: [ClientAuthentication], result: Result<TokenResponse, OAuthError>) {
        let transport = ScriptedTransport([Self.address: answers])
        let endpoint = TokenEndpoint(
            url: try EndpointURL(Self.address), client: client, supported: supported, transport: transport)
        let result: Result<TokenResponse, OAuthError>
        do throws(OAuthError) {
            result = try await endpoint.refresh(Secret("RT"), resource: nil).response
        } catch {
            result = .failure(error)
        }
        return (try transport.requests.map(form), result)
    }

    @Test(
        arguments: [
            (.none, nil, .basic), (.none, ["client_secret_post"], .post), (.none, ["client_secret_basic"], .basic),
            (.basic, nil, .post), (.basic, ["client_secret_basic", "client_secret_post"], .post),
            (.basic, ["client_secret_basic"], .plainBasic), (.basic, ["none"], .post), (.none, ["none"], .post),
            (.post, nil, .basic), (.plainBasic, nil, .post),
        ] as [(ClientAuthentication, [String]?, ClientAuthentication)])
    func `with a secret sends it once more, in the other form`(
        first: ClientAuthentication, supported: [String]?, second: ClientAuthentication
    ) async throws {
        let client = Client(id: "me", secret: Secret("s"), authentication: first)
        for refusal in [
            ScriptedTransport.Answer.json(#"{"error":"invalid_client"}"#, status: 401),
            .json(#"{"error":"invalid_client"}"#, status: 400), .status(401),
            .body("<p>no", type: "text/html", status: 401),
            .json(#"{"error":"incorrect_client_credentials"}"#), .json(#"{"error":"bad_client_secret"}"#),
            .status(400), .status(403), .json(#"{"message":"Forbidden"}"#, status: 403),
        ] {
            let (forms, result) = try await forms(client, supported: supported, [refusal, Self.success])
            #expect(forms == [first, second])
            #expect(try result.get().accessToken == Secret("AT"))
            let refused = try await self.forms(client, supported: supported, [refusal])
            #expect(Array(refused.forms.prefix(2)) == [first, second])
            #expect(throws: OAuthError.self) { try refused.result.get() }
        }
    }

    @Test(arguments: [
        ScriptedTransport.Answer.json(#"{"error":"invalid_grant"}"#, status: 401),
        .json(#"{"error":"invalid_scope"}"#, status: 400), .json(#"{"error":"access_denied"}"#, status: 403),
        .json(#"{"error":"authorization_pending"}"#, status: 403), .status(404), .status(500),
    ])
    func `is none if the error is about something else`(answer: ScriptedTransport.Answer) async throws {
        let client = Client(id: "me", secret: Secret("s"), authentication: .post)
        #expect(try await forms(client, [answer, Self.success]).forms == [.post])
    }

    /// The server takes `client_id` in the body for a second mechanism (RFC 6749 section 5.2), and no secret in the body.
    @Test func `with two mechanisms sends the secret in the header alone at last`() async throws {
        let client = Client(id: "me", secret: Secret("s"), authentication: .basic)
        let refusal = ScriptedTransport.Answer.json(#"{"error":"invalid_request"}"#, status: 400)
        let (forms, result) = try await forms(client, [refusal, refusal, Self.success])
        #expect(forms == [.basic, .post, .plainBasic])
        #expect(try result.get().accessToken == Secret("AT"))
    }

    /// The server has not said that it refuses the client, so the second form must not make a refusal worse.
    @Test func `without a word about the client, counts only if it gets a token`() async throws {
        let client = Client(id: "me", secret: Secret("s"), authentication: .post)
        let dead = ScriptedTransport.Answer.json(#"{"error":"invalid_grant"}"#, status: 400)
        let (forms, result) = try await forms(client, [.status(400), dead])
        #expect(forms == [.post, .basic])
        let refusal = OAuthError.refused(host: "login.example.com", status: 400, error: "HTTP 400", description: nil)
        #expect(throws: refusal) { try result.get() }
    }

    @Test(
        arguments: [
            (ClientAuthentication.none, [.none, .basic, .post, .plainBasic]), (.basic, [.basic, .post, .plainBasic]),
            (.post, [.post, .basic, .plainBasic]), (.plainBasic, [.plainBasic, .post, .basic]),
        ] as [(ClientAuthentication, [ClientAuthentication])])
    func `with a secret sends it in each form, if the server always says that it refuses the client`(
        first: ClientAuthentication, all: [ClientAuthentication]
    ) async throws {
        let client = Client(id: "me", secret: Secret("s"), authentication: first)
        let refusal = ScriptedTransport.Answer.json(#"{"error":"invalid_client"}"#, status: 401)
        #expect(try await forms(client, [refusal]).forms == all)
        for count in 1..<all.count {
            let answers = Array(repeating: refusal, count: count) + [Self.success]
            let (forms, result) = try await forms(client, answers)
            #expect(forms == Array(all.prefix(count + 1)))
            #expect(try result.get().accessToken == Secret("AT"))
        }
    }

    @Test func `with Basic by the user's choice has nothing in the body`() async throws {
        var client = Client(id: "m:e", secret: Secret("s/t"), authentication: .basic)
        client.isFormChosen = true
        let transport = ScriptedTransport([Self.address: [Self.success]])
        let endpoint = TokenEndpoint(url: try EndpointURL(Self.address), client: client, transport: transport)
        _ = try await endpoint.refresh(Secret("RT"), resource: nil)
        let request = try #require(transport.requests.first)
        #expect(request.form?.exposedText == "grant_type=refresh_token&refresh_token=RT")
        #expect(request.authorization == Secret("Basic " + Data("m%3Ae:s%2Ft".utf8).base64EncodedString()))
    }

    @Test func `is none if the user has chosen the form`() async throws {
        var client = Client(id: "me", secret: Secret("s"), authentication: .post)
        client.isFormChosen = true
        let refusal = ScriptedTransport.Answer.json(#"{"error":"invalid_client"}"#, status: 401)
        #expect(try await forms(client, [refusal, Self.success]).forms == [.post])
    }

    @Test func `without a secret sends nothing again`() async throws {
        let refusal = ScriptedTransport.Answer.json(#"{"error":"invalid_client"}"#, status: 401)
        #expect(try await forms(Client(id: "me"), [refusal, Self.success]).forms == [.none])
    }
}

@Suite struct `Revocation` {
    private static let address = "https://login.example.com/revoke"

    private func revoke(_ answer: ScriptedTransport.Answer) async throws -> HTTPRequest? {
        let transport = ScriptedTransport([Self.address: [answer]])
        try await RevocationEndpoint(
            url: try EndpointURL(Self.address), client: Client(id: "me"), transport: transport
        ).revoke(Secret("RT"), hint: .refreshToken)
        return transport.requests.first
    }

    @Test func `names the token, its kind and the client`() async throws {
        let request = try await revoke(.status(200))
        #expect(request?.form?.exposedText == "token=RT&token_type_hint=refresh_token&client_id=me")
    }

    @Test(arguments: ["unsupported_token_type", "invalid_client", "server_error"])
    func `fails if a success has an error in it`(error: String) async {
        for body in [#"{"error":"\#(error)"}"#, #"{"errors":[{"code":"\#(error)"}]}"#, "error=\(error)"] {
            await #expect(
                throws: OAuthError.refused(host: "login.example.com", status: 200, error: error, description: nil)
            ) { try await revoke(.json(body)) }
        }
    }

    @Test(arguments: [
        #"{"error":"invalid_token"}"#, #"{"error":null}"#, #"{"error":""}"#, #"{"status":"ok"}"#, "{}", "", "<p>done",
        #"{"code":0}"#,
    ])
    func `succeeds with any other body`(body: String) async throws { _ = try await revoke(.json(body)) }

    @Test func `fails if the server says so`() async {
        await #expect(throws: OAuthError.unavailable(host: "login.example.com", status: 503, retryAfter: nil)) {
            try await revoke(.status(503))
        }
        await #expect(
            throws: OAuthError.refused(
                host: "login.example.com", status: 401, error: "invalid_client", description: nil)
        ) {
            try await revoke(.json(#"{"error":"invalid_client"}"#, status: 401))
        }
        await #expect(throws: OAuthError.redirected(host: "login.example.com", status: 307)) {
            try await revoke(.status(307))
        }
    }
}
