import Addresses
import Secrets
import Synchronization
import TestSupport
import Testing

@testable import OAuth

/// RFC 9126.
@Suite(.timeLimit(.minutes(1)))
struct `A login by a pushed request` {
    private static let push = "https://login.example.com/par"
    private static let token = "https://login.example.com/token"
    private static let success = ScriptedTransport.Answer.json(#"{"access_token":"AT","token_type":"Bearer"}"#)

    private func parameters(
        client: Client = Client(id: "key fob"), endpoint: String? = push, isRequired: Bool = false
    ) throws -> AuthorizationParameters {
        var metadata = try Examples.metadata(
            authorizationEndpoint: "https://login.example.com/authorize?tenant=a&scope=x")
        metadata.pushedAuthorizationRequestEndpoint = try endpoint.map { try EndpointURL($0) }
        metadata.requiresPushedAuthorizationRequests = isRequired
        return AuthorizationParameters(
            metadata: metadata, client: client, scopes: ["read", "openid"], resource: "https://git.example.com/",
            loginHint: "alice")
    }

    /// Runs a login in which the user signs in. If it ends earlier, the user must not have been asked.
    private func logIn(
        _ parameters: AuthorizationParameters, answer: ScriptedTransport.Answer, hasPage: Bool = false
    ) async -> (Result<[PendingLogin], any Error>, [HTTPRequest]) {
        let transport = ScriptedTransport([Self.push: [answer], Self.token: [Self.success]])
        let logins = Mutex<[PendingLogin]>([])
        do {
            let network: any HTTPTransport = hasPage ? ServerWithPage(transport: transport) : transport
            _ = try await AuthorizationCodeFlow(parameters, transport: network).run { pending in
                logins.withLock { $0.append(pending) }
                let visit = try await Browser(pending: pending).start()
                let pushed = transport.requests.first?.form?.exposedText ?? ""
                let pairs = FormEncoding.decode(pushed) ?? []
                let state = visit.parameters["state"] ?? pairs.first { $0.name == "state" }?.value ?? ""
                _ = try await Browser(pending: pending).comeBack("code=c&state=\(state)", from: visit)
            }
            return (.success(logins.withLock { $0 }), transport.requests)
        } catch {
            #expect(logins.withLock { $0.isEmpty })
            return (.failure(error), transport.requests)
        }
    }

    /// Shows a page to everybody who asks the authorization endpoint.
    private struct ServerWithPage: HTTPTransport {
        let transport: ScriptedTransport

        func send(_ request: HTTPRequest) async throws(OAuthError) -> HTTPResponse {
            guard request.method == .get else { return try await transport.send(request) }
            return HTTPResponse(status: 200, fields: [], body: Secret("<html>Sign in</html>"))
        }
    }

    @Test(arguments: [false, true])
    func `puts only the request_uri into the browser's address`(isRequired: Bool) async throws {
        let (result, requests) = await logIn(
            try parameters(isRequired: isRequired),
            answer: .json(#"{"request_uri":"urn:x:1&2","expires_in":60}"#, status: 201))
        let pending = try #require(try result.get().first)
        #expect(
            pending.authorizationAddress
                == "https://login.example.com/authorize?tenant=a&client_id=key%20fob&request_uri=urn%3Ax%3A1%262")
        #expect(pending.addressLifetime == .seconds(60))

        #expect(requests.map(\.url.string) == [Self.push, Self.token])
        let form = try #require(requests.first?.form?.exposedText)
        let pushed = try #require(FormEncoding.decode(form))
        let values = Dictionary(uniqueKeysWithValues: pushed.map { ($0.name, $0.value) })
        #expect(
            values.keys.sorted() == [
                "client_id", "code_challenge", "code_challenge_method", "login_hint", "nonce", "redirect_uri",
                "resource", "response_type", "scope", "state",
            ])
        #expect(values["client_id"] == "key fob")
        #expect(values["redirect_uri"] == pending.redirectURI)
        #expect(values["scope"] == "read openid")
        #expect(values["resource"] == "https://git.example.com/")
    }

    @Test func `authenticates the client as at the token endpoint`() async throws {
        let client = Client(id: "me", secret: Secret("s"), authentication: .basic)
        let (_, requests) = await logIn(
            try parameters(client: client), answer: .json(#"{"request_uri":"urn:x","expires_in":60}"#, status: 201))
        #expect(requests.count == 2)
        #expect(requests.allSatisfy { $0.authorization == Secret("Basic bWU6cw==") })
    }

    @Test(arguments: [400, 401])
    func `ends with the server's error before the user is asked`(status: Int) async throws {
        let objection = #"{"error":"invalid_redirect_uri","error_description":"not \u001b[2J registered"}"#
        let (result, requests) = await logIn(try parameters(), answer: .json(objection, status: status))
        #expect(
            throws: OAuthError.refused(
                host: "login.example.com", status: status, error: "invalid_redirect_uri",
                description: "not \u{FFFD}[2J registered")
        ) { try result.get() }
        #expect(requests.count == 1)
    }

    @Test(arguments: [
        (#"{"expires_in":60}"#, "request_uri"), (#"{"request_uri":"","expires_in":60}"#, "request_uri"),
        (#"{"request_uri":"a b","expires_in":60}"#, "request_uri"),
        (#"{"request_uri":7,"expires_in":60}"#, "request_uri"),
    ])
    func `ends if the answer is invalid`(answer: String, member: String) async throws {
        let (result, _) = await logIn(try parameters(isRequired: true), answer: .json(answer, status: 201))
        #expect(throws: Self.failed(.malformed(host: "login.example.com", member: member))) { try result.get() }
    }

    @Test(arguments: [#"{"request_uri":"urn:x"}"#, #"{"request_uri":"urn:x","expires_in":0}"#])
    func `lasts a minute if the server does not say how long`(answer: String) async throws {
        let (result, _) = await logIn(try parameters(), answer: .json(answer, status: 201))
        #expect(try result.get().first?.addressLifetime == .seconds(60))
    }

    private static func failed(_ error: OAuthError) -> OAuthError {
        .endpointFailed(member: "pushed_authorization_request_endpoint", at: push, by: error)
    }

    private static func refused(_ status: Int, _ error: String? = nil) -> OAuthError {
        .refused(host: "login.example.com", status: status, error: error ?? "HTTP \(status)", description: nil)
    }

    static let failures: [(ScriptedTransport.Answer, OAuthError)] = [
        (.status(404), refused(404)), (.status(405), refused(405)), (.status(400), refused(400)),
        (.body("<html>No", type: "text/html", status: 401), refused(401)),
        (.json(#"{"title":"Bad Request"}"#, status: 400), refused(400, "Bad Request")),
        (.json(#"{"error":"not_found"}"#, status: 404), refused(404, "not_found")),
        (.status(503), .unavailable(host: "login.example.com", status: 503, retryAfter: nil)),
        (.status(429), .unavailable(host: "login.example.com", status: 429, retryAfter: nil)),
        (.status(302), .redirected(host: "login.example.com", status: 302)),
        (
            .body("<html>Hello", type: "text/html"),
            .notJSON(host: "login.example.com", contentType: "text/html")
        ),
        (.failure(.timedOut(host: "h", seconds: 30)), .timedOut(host: "h", seconds: 30)),
        (.failure(.answerLost(host: "h")), .answerLost(host: "h")),
        (.failure(.unreachable(host: "h", reason: "x")), .unreachable(host: "h", reason: "x")),
    ]

    @Test(arguments: failures)
    func `is left out if the endpoint does not work, unless the server requires it`(
        answer: ScriptedTransport.Answer, error: OAuthError
    ) async throws {
        let (result, _) = await logIn(try parameters(), answer: answer)
        #expect(try result.get().first?.authorizationAddress.contains("scope=") == true)
        let (refusal, requests) = await logIn(try parameters(isRequired: true), answer: answer)
        #expect(throws: Self.failed(error)) { try refusal.get() }
        #expect(!requests.contains { $0.url.string == Self.token })
    }

    /// The endpoint refuses what the server may accept in a plain request.
    @Test(arguments: [
        (400, "invalid_request"), (401, "invalid_client"), (400, "unauthorized_client"), (403, "insufficient_scope"),
        (400, "request_not_supported"), (400, "invalid_request_object"),
    ])
    func `is left out if the endpoint refuses it, unless the server requires it`(
        status: Int, error: String
    ) async throws {
        let answer = ScriptedTransport.Answer.json(#"{"error":"\#(error)"}"#, status: status)
        let (result, _) = await logIn(try parameters(), answer: answer, hasPage: true)
        #expect(try result.get().first?.authorizationAddress.contains("scope=") == true)
        let (refusal, _) = await logIn(try parameters(isRequired: true), answer: answer)
        #expect(throws: Self.refused(status, error)) { try refusal.get() }
    }

    // Servers without an endpoint.

    @Test(arguments: [(nil, 0), (push, 404), (push, 405)] as [(String?, Int)])
    func `sends a plain request if there is no endpoint`(endpoint: String?, status: Int) async throws {
        let (result, _) = await logIn(try parameters(endpoint: endpoint), answer: .status(status))
        let pending = try #require(try result.get().first)
        #expect(pending.authorizationAddress.contains("&code_challenge="))
        #expect(pending.addressLifetime == nil)
    }

    @Test func `fails if pushing is required and there is no endpoint`() async throws {
        let (result, requests) = await logIn(try parameters(endpoint: nil, isRequired: true), answer: .status(404))
        #expect(throws: OAuthError.missingEndpoint(member: "pushed_authorization_request_endpoint")) {
            try result.get()
        }
        #expect(!requests.contains { $0.url.string == Self.token })
    }
}
