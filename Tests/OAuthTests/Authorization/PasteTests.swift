import Addresses
import Secrets
import Synchronization
import TestSupport
import Testing

@testable import OAuth

@Suite(.timeLimit(.minutes(1)))
struct `A login by pasting` {
    private static let token = "https://login.example.com/token"

    private func flow(
        redirect: String = "http://127.0.0.1/callback", listens: Bool = false, deadline: Duration = .seconds(30),
        _ transport: ScriptedTransport
    ) throws -> AuthorizationCodeFlow {
        let parameters = AuthorizationParameters(
            metadata: try Examples.metadata(), client: Client(id: "me"), redirect: try RedirectTemplate(redirect),
            deadline: deadline)
        return AuthorizationCodeFlow(parameters, listens: listens, transport: transport)
    }

    private func server() -> ScriptedTransport {
        ScriptedTransport([Self.token: [.json(#"{"access_token":"AT","token_type":"Bearer"}"#)]])
    }

    /// The state in the authorization request.
    private static func state(_ pending: PendingLogin) throws -> String {
        let query = try #require(try EndpointURL(pending.authorizationAddress).query)
        return try #require(FormEncoding.decode(query)?.first { $0.name == "state" }?.value)
    }

    /// Runs a login without a listener. The user gives up after the first paste that is refused.
    private func logIn(
        redirect: String = "http://127.0.0.1/callback", _ paste: @escaping @Sendable (_ state: String) -> String
    ) async -> (Result<TokenResponse, any Error>, ScriptedTransport) {
        let transport = server()
        do {
            let response = try await flow(redirect: redirect, transport).run { pending in
                #expect(pending.startAddress == nil && pending.port == nil)
                #expect(pending.authorizationAddress.hasPrefix("https://login.example.com/authorize?"))
                #expect(pending.redirectURI == redirect)
                if let error = pending.offer(Secret(paste(try Self.state(pending)))) { throw error }
            }
            return (.success(response), transport)
        } catch {
            return (.failure(error), transport)
        }
    }

    @Test func `accepts the complete address`() async throws {
        let (result, transport) = await logIn { "  http://127.0.0.1/callback?code=c&state=\($0)#_=_\n" }
        #expect(try result.get().accessToken == Secret("AT"))
        let form = try #require(transport.requests.first?.form?.exposedText)
        #expect(form.contains("code=c&redirect_uri=http%3A%2F%2F127.0.0.1%2Fcallback&code_verifier="))
    }

    @Test(arguments: [
        ("http://127.0.0.1:8080", "http://127.0.0.1:8080/?"), ("http://127.0.0.1:8080", "http://127.0.0.1:8080?"),
        ("http://127.0.0.1:80/cb", "http://127.0.0.1/cb?"), ("http://localhost:80/cb", "http://localhost:80/cb?"),
    ])
    func `accepts the address as a browser writes it`(redirect: String, beginning: String) async throws {
        let (result, _) = await logIn(redirect: redirect) { "\(beginning)state=\($0)&code=c" }
        #expect(throws: Never.self) { try result.get() }
    }

    @Test(arguments: [
        "https://127.0.0.1/callback?code=c&state=STATE", "127.0.0.1/callback?code=c&state=STATE",
        "HTTP://127.0.0.1/callback?code=c&state=STATE", "http://localhost:8765/callback?code=c&state=STATE",
        "[::1]:80/callback?code=c&state=STATE", "/callback?code=c&state=STATE", "?code=c&state=STATE",
        "code=c&state=STATE", "\"http://127.0.0.1/callback?code=c&state=STATE\"",
        "<http://127.0.0.1/callback?code=c&state=STATE>", "\u{201C}code=c&state=STATE\u{201D}",
        "\u{FEFF}\u{A0} `http://127.0.0.1/callback?code=c&state=STATE` \r\n",
        "http://127.0.0.1/call\nback?code=c&sta\nte=STATE", "  http://127.0.0.1/callback?\r\n  code=c&state=STATE  ",
        "http://127.0.0.1/callback?code=c&state=STATE.", "(http://127.0.0.1/callback?code=c&state=STATE)",
        "It ended on http://127.0.0.1/callback?code=c&state=STATE, then nothing.", "[code=c&state=STATE]",
        "[the page](http://127.0.0.1/callback?code=c&state=STATE)", "'code=c&state=STATE';",
        "[http://[::1]:8/callback?code=c&state=STATE](http://[::1]:8/callback?code=c&state=STATE)",
        "**http://127.0.0.1/callback/?code=c&state=STATE", "> http://127.0.0.1/callback?code=c&sta\n> te=STATE",
        "here:\nhttp://127.0.0.1/callback?code=c&sta\nte=STATE", "http://127.0.0.1/callback#code=c&state=STATE",
        "#code=c&state=STATE", "http://127.0.0.1/callback?lang=en#state=STATE&code=c",
        "?code=c&code=c&state=STATE&state=STATE", "\u{AB}http://127.0.0.1/callback?code=c&state=STATE\u{BB}.",
        "{\"url\": \"http://127.0.0.1/callback?code=c&state=STATE\"}", "?code=c&note=two words&state=STATE",
        "code=c&amp;state=STATE", "mistake\nhttp://127.0.0.1/callback?code=c&state=STATE",
    ])
    func `accepts the address in the form in which it arrives`(text: String) async throws {
        let (result, transport) = await logIn { text.replacing("STATE", with: $0) }
        #expect(throws: Never.self) { try result.get() }
        #expect(transport.requests.first?.form?.exposedText?.contains("code=c&") == true)
    }

    @Test(arguments: [
        "c0de", "", "https://evil.example/callback?code=c&state=STATE", "http://127.0.0.1/callback",
        "http://127.0.0.1/other?code=c&state=STATE", "http://127.0.0.1.evil.example/callback?code=c&state=STATE",
        "http://127.0.0.1@evil.example/callback?code=c&state=STATE", "//evil.example/callback?code=c&state=STATE",
        "c0de==", "http://127.0.0.1:x/callback?code=c&state=STATE",
        // Cut off.
        "?state=STATE", "http://127.0.0.1/callback?state=STATE&co",
    ])
    func `accepts nothing but the complete address`(text: String) async {
        let (result, transport) = await logIn { text.replacing("STATE", with: $0) }
        #expect(throws: OAuthError.notTheRedirect(expected: "http://127.0.0.1/callback")) { try result.get() }
        #expect(transport.requests.isEmpty)
    }

    @Test(
        arguments: [
            ("http://127.0.0.1/callback?code=c", .noState(error: nil)),
            ("http://127.0.0.1/callback?error=invalid_scope", .noState(error: "invalid_scope")),
            ("code=c", .noState(error: nil)), ("code=c&code=d&state=STATE", .repeated(parameter: "code")),
        ] as [(String, AuthorizationResponse.Problem)])
    func `says what a response lacks`(text: String, problem: AuthorizationResponse.Problem) async {
        let (result, transport) = await logIn { text.replacing("STATE", with: $0) }
        #expect(throws: OAuthError.unusableResponse(problem)) { try result.get() }
        #expect(transport.requests.isEmpty)
    }

    @Test func `refuses a response to another login`() async {
        let (result, transport) = await logIn { _ in "http://127.0.0.1/callback?code=c&state=other" }
        #expect(throws: OAuthError.anotherLogin) { try result.get() }
        #expect(transport.requests.isEmpty)
    }

    @Test func `refuses a response of another server`() async {
        let (result, transport) = await logIn { "http://127.0.0.1/callback?code=c&state=\($0)&iss=https%3A%2F%2Fevil" }
        #expect(throws: OAuthError.responseIssuerMismatch(expected: Examples.issuer, found: "https://evil")) {
            try result.get()
        }
        #expect(transport.requests.isEmpty)
    }

    @Test func `continues after a paste that is not a response`() async throws {
        let transport = server()
        _ = try await flow(transport).run { pending in
            let state = try Self.state(pending)
            #expect(pending.offer(Secret("c0de")) == .notTheRedirect(expected: "http://127.0.0.1/callback"))
            #expect(pending.offer(Secret("http://127.0.0.1/callback?code=evil&state=x")) == .anotherLogin)
            #expect(pending.offer(Secret("http://127.0.0.1/callback?code=c&state=\(state)")) == nil)
        }
        #expect(transport.requests.first?.form?.exposedText?.contains("code=c&") == true)
    }

    @Test func `ends at its deadline`() async throws {
        await #expect(throws: OAuthError.authorizationTimedOut(seconds: 0)) {
            try await flow(deadline: .milliseconds(100), ScriptedTransport([:])).run { _ in
                for await _ in AsyncStream<Void>.makeStream().stream {}
            }
        }
    }

    // In parallel with the listener.

    @Test func `works while the listener waits`() async throws {
        let transport = server()
        let redirectURI = Mutex("")
        let response = try await flow(listens: true, transport).run { pending in
            redirectURI.withLock { $0 = pending.redirectURI }
            let state = try Self.state(pending)
            #expect(pending.offer(Secret("\(pending.redirectURI)?code=c&state=\(state)")) == nil)
        }
        #expect(response.accessToken == Secret("AT"))
        let uri = redirectURI.withLock { $0 }
        #expect(uri.hasPrefix("http://127.0.0.1:"))
        #expect(
            transport.requests.first?.form?.exposedText?.contains("code=c&redirect_uri=\(FormEncoding.encode(uri))&")
                == true)
    }

    @Test func `does not wait for a browser to fetch a last page`() async throws {
        let traffic = LoopbackTraffic()
        traffic.begin(
            RedirectGate(
                metadata: try Examples.metadata(), authorizationAddress: "https://login.example.com/authorize",
                state: Secret("S"), authority: "127.0.0.1:4321", callbackPath: "/callback", lifetime: 60))
        #expect(traffic.offer(Secret("http://127.0.0.1:4321/callback?code=c&state=S")) == nil)
        traffic.finish()
        var isOver = false
        for await event in traffic.events {
            if case .ended = event { isOver = true }
        }
        #expect(isOver)
    }

    @Test func `and the browser exclude each other: only the first answer counts`() async throws {
        let transport = server()
        _ = try await flow(listens: true, transport).run { pending in
            let visit = try await Browser(pending: pending).start()
            let state = try #require(visit.parameters["state"])
            #expect(pending.offer(Secret("\(pending.redirectURI)?code=pasted&state=\(state)")) == nil)
            #expect(pending.offer(Secret("\(pending.redirectURI)?code=again&state=\(state)")) == nil)
            _ = try? await Browser(pending: pending).comeBack("code=late&state=\(state)", from: visit)
        }
        _ = try await flow(listens: true, transport).run { pending in
            let state = try Self.state(pending)
            try await Browser(pending: pending).signIn()
            #expect(pending.offer(Secret("\(pending.redirectURI)?code=late&state=\(state)")) == nil)
        }
        let forms = transport.requests.compactMap { $0.form?.exposedText }
        #expect(forms.count == 2)
        #expect(forms.first?.contains("code=pasted&") == true)
        #expect(forms.last?.contains("code=c0de&") == true)
    }
}
