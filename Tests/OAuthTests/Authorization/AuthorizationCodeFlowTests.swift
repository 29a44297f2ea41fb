import Addresses
import Secrets
import Synchronization
import TestSupport
import Testing

@testable import OAuth

@Suite(.timeLimit(.minutes(1)))
struct `A login by authorization code` {
    private static let token = "https://login.example.com/token"
    private static let success = ScriptedTransport.Answer.json(
        #"{"access_token":"AT","token_type":"Bearer","expires_in":60,"refresh_token":"RT"}"#)

    private func flow(
        _ transport: ScriptedTransport, metadata: AuthorizationServerMetadata? = nil,
        redirect: RedirectTemplate = .loopback, pkce: PKCEPolicy = .required, deadline: Duration = .seconds(30)
    ) throws -> AuthorizationCodeFlow {
        AuthorizationCodeFlow(
            AuthorizationParameters(
                metadata: try metadata ?? Examples.metadata(), client: Client(id: "me"), scopes: ["read"],
                resource: "https://git.example.com/", redirect: redirect, pkce: pkce, deadline: deadline),
            transport: transport)
    }

    @Test func `returns a token, and sends the verifier of its own challenge`() async throws {
        let transport = ScriptedTransport([Self.token: [Self.success]])
        let seen = Mutex<(redirectURI: String, parameters: [String: String])?>(nil)
        let response = try await flow(transport).run { pending in
            #expect(pending.authorizationServer == "login.example.com")
            #expect(pending.startAddress?.contains("login.example.com") == false)
            let visit = try await Browser(pending: pending).start()
            seen.withLock { $0 = (pending.redirectURI, visit.parameters) }
            let state = try #require(visit.parameters["state"])
            #expect(state.count == 43)
            _ = try await Browser(pending: pending).comeBack("code=c0de&state=\(state)", from: visit)
        }
        #expect(response.accessToken == Secret("AT"))
        #expect(response.refreshToken == Secret("RT"))

        let (redirectURI, asked) = try #require(seen.withLock { $0 })
        let form = try #require(transport.requests.first?.form?.exposedText)
        let sent = try Dictionary(uniqueKeysWithValues: #require(FormEncoding.decode(form)).map { ($0.name, $0.value) })
        #expect(sent["code"] == "c0de")
        #expect(sent["redirect_uri"] == redirectURI)
        #expect(asked["redirect_uri"] == FormEncoding.encode(redirectURI))
        #expect(sent["resource"] == "https://git.example.com/")
        #expect(asked["code_challenge"] == CodeVerifier(try #require(sent["code_verifier"])).challenge)
        #expect(transport.requests.count == 1)
    }

    // OpenID Connect Core section 3.1.2.1.
    @Test(arguments: [["read"], ["openid", "read"]])
    func `sends a nonce if it requests an id_token`(scopes: [String]) async throws {
        let answer = #"{"access_token":"AT","token_type":"Bearer","id_token":"a.b.c"}"#
        var parameters = AuthorizationParameters(metadata: try Examples.metadata(), client: Client(id: "me"))
        parameters.scopes = scopes
        let flow = AuthorizationCodeFlow(parameters, transport: ScriptedTransport([Self.token: [.json(answer)]]))
        let asked = Mutex<String?>(nil)
        let response = try await flow.run { pending in
            let query = FormEncoding.decode(try EndpointURL(pending.authorizationAddress).query ?? "") ?? []
            asked.withLock { $0 = query.first { $0.name == "nonce" }?.value }
            try await Browser(pending: pending).signIn()
        }
        #expect(response.nonce == asked.withLock { $0 })
        #expect((response.nonce != nil) == scopes.contains("openid"))
        #expect(response.idToken == Secret("a.b.c"))
    }

    @Test func `shows the last page before the token endpoint answers`() async throws {
        let (pages, sawPage) = AsyncStream<Void>.makeStream()
        let transport = GatedTransport(until: pages, then: ScriptedTransport([Self.token: [Self.success]]))
        let flow = AuthorizationCodeFlow(
            AuthorizationParameters(metadata: try Examples.metadata(), client: Client(id: "me")), transport: transport)
        let (logins, offer) = AsyncStream<PendingLogin>.makeStream()
        async let response = flow.run { offer.yield($0) }
        let pending = try #require(await logins.first { _ in true })
        try await Browser(pending: pending).signIn()
        sawPage.yield()
        #expect(try await response.accessToken == Secret("AT"))
    }

    @Test(arguments: ["http://localhost/callback", "http://127.0.0.1", "http://127.0.0.1/done"])
    func `works with other redirect URIs`(uri: String) async throws {
        let transport = ScriptedTransport([Self.token: [Self.success]])
        _ = try await flow(transport, redirect: try RedirectTemplate(uri)).run { pending in
            try await Browser(pending: pending).signIn()
        }
        #expect(transport.requests.count == 1)
    }

    @Test func `continues after forged callbacks`() async throws {
        let transport = ScriptedTransport([Self.token: [Self.success]])
        _ = try await flow(transport).run { pending in
            let browser = Browser(pending: pending)
            let visit = try await browser.start()
            for forged in ["error=access_denied", "code=evil&state=wrong", "code=evil"] {
                let answer = try await browser.comeBack(forged, from: visit)
                #expect(answer.status == 400)
            }
            let state = try #require(visit.parameters["state"])
            _ = try await browser.comeBack("code=c0de&state=\(state)", from: visit)
        }
        #expect(transport.requests.first?.form?.exposedText?.contains("code=c0de&") == true)
    }

    @Test func `ends if the user declines`() async throws {
        let transport = ScriptedTransport([Self.token: [Self.success]])
        let port = Mutex(0)
        await #expect(
            throws: OAuthError.refused(
                host: "login.example.com", status: 302, error: "access_denied", description: nil)
        ) {
            try await flow(transport).run { pending in
                let visit = try await Browser(pending: pending).start()
                let (state, used) = (try #require(visit.parameters["state"]), try Browser(pending: pending).port)
                port.withLock { $0 = used }
                let page = try await Browser(pending: pending).comeBack(
                    "error=access_denied&state=\(state)", from: visit)
                #expect(page.body.contains("Not signed in"))
            }
        }
        #expect(transport.requests.isEmpty)
        #expect(await RawConnection.isClosed(port: port.withLock { $0 }))
    }

    @Test func `ends if another server answers, and sends that server nothing`() async throws {
        let transport = ScriptedTransport([Self.token: [Self.success]])
        await #expect(
            throws: OAuthError.responseIssuerMismatch(
                expected: Examples.issuer, found: "https://evil.example.com")
        ) {
            try await flow(transport).run { pending in
                try await Browser(pending: pending).signIn(extra: "&iss=https%3A%2F%2Fevil.example.com")
            }
        }
        #expect(transport.requests.isEmpty)
    }

    @Test(arguments: [nil, [], ["plain"]] as [[String]?])
    func `does not start without S256`(methods: [String]?) async throws {
        let metadata = try Examples.metadata(methods: methods)
        await #expect(throws: OAuthError.pkceUnsupported(issuer: Examples.issuer)) {
            try await flow(ScriptedTransport([:]), metadata: metadata).run { _ in
                Issue.record("the person was asked")
            }
        }
        let transport = ScriptedTransport([Self.token: [Self.success]])
        _ = try await flow(transport, metadata: metadata, pkce: .assumed).run { pending in
            try await Browser(pending: pending).signIn()
        }
        #expect(transport.requests.first?.form?.exposedText?.contains("code_verifier=") == true)
    }

    @Test func `ends at its deadline and closes its port`() async throws {
        let port = Mutex(0)
        await #expect(throws: OAuthError.authorizationTimedOut(seconds: 0)) {
            try await flow(ScriptedTransport([:]), deadline: .milliseconds(100)).run { pending in
                let used = try Browser(pending: pending).port
                port.withLock { $0 = used }
            }
        }
        #expect(await RawConnection.isClosed(port: port.withLock { $0 }))
    }

    @Test func `ends at its deadline even while present still runs`() async throws {
        await #expect(throws: OAuthError.authorizationTimedOut(seconds: 0)) {
            try await flow(ScriptedTransport([:]), deadline: .milliseconds(100)).run { _ in
                for await _ in AsyncStream<Void>.makeStream().stream {}
            }
        }
    }

    @Test func `ends at once if it is cancelled, and closes its port`() async throws {
        let (logins, offer) = AsyncStream<PendingLogin>.makeStream()
        let flow = try flow(ScriptedTransport([:]))
        let task = Task { try await flow.run { offer.yield($0) } }
        let pending = try #require(await logins.first { _ in true })
        let taken = await ContinuousClock().measure {
            task.cancel()
            await #expect(throws: OAuthError.cancelled) { try await task.value }
        }
        #expect(taken < .seconds(20))  // and not the login's five minutes
        #expect(await RawConnection.isClosed(port: try Browser(pending: pending).port))
    }

    @Test func `ends if the browser cannot be opened`() async throws {
        await #expect(throws: OAuthError.browserFailed(reason: "none")) {
            try await flow(ScriptedTransport([:])).run { _ in throw OAuthError.browserFailed(reason: "none") }
        }
    }

    @Test func `ignores errors of present after the answer`() async throws {
        let transport = ScriptedTransport([Self.token: [Self.success]])
        let response = try await flow(transport).run { pending in
            try await Browser(pending: pending).signIn()
            throw OAuthError.browserFailed(reason: "closed by the person")
        }
        #expect(response.accessToken == Secret("AT"))
    }

    @Test func `throws the token endpoint's error after the user has the last page`() async throws {
        let transport = ScriptedTransport([Self.token: [.json(#"{"error":"invalid_grant"}"#, status: 400)]])
        let refusal = OAuthError.refused(
            host: "login.example.com", status: 400, error: "invalid_grant", description: nil)
        await #expect(throws: refusal) {
            try await flow(transport).run { try await Browser(pending: $0).signIn() }
        }
        #expect(transport.requests.count == 1)
    }
}

/// A transport that answers only after it is released.
private struct GatedTransport: HTTPTransport {
    let gate: AsyncStream<Void>
    let transport: ScriptedTransport

    init(until gate: AsyncStream<Void>, then transport: ScriptedTransport) {
        (self.gate, self.transport) = (gate, transport)
    }

    func send(_ request: HTTPRequest) async throws(OAuthError) -> HTTPResponse {
        _ = await gate.first { true }
        return try await transport.send(request)
    }
}
