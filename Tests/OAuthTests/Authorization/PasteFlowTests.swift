import Secrets
import TestSupport
import Testing

@testable import OAuth

@Suite(.timeLimit(.minutes(1)))
struct `A login by pasting` {
    private static let token = "https://login.example.com/token"

    private func logIn(
        redirect: String = "http://127.0.0.1/callback", _ paste: @escaping @Sendable (_ state: String) -> String
    ) async -> (Result<TokenResponse, any Error>, ScriptedTransport) {
        let transport = ScriptedTransport([Self.token: [.json(#"{"access_token":"AT","token_type":"Bearer"}"#)]])
        do {
            let flow = PasteFlow(
                metadata: try Examples.metadata(), client: Client(id: "me"), redirect: try RedirectTemplate(redirect),
                transport: transport)
            let response = try await flow.run { pending in
                #expect(pending.startAddress.hasPrefix("https://login.example.com/authorize?"))
                #expect(pending.redirectURI == redirect)
                let query = try #require(try EndpointURL(pending.startAddress).query)
                let state = try #require(FormEncoding.decode(query)?.first { $0.name == "state" }?.value)
                return Secret(paste(state))
            }
            return (.success(response), transport)
        } catch {
            return (.failure(error), transport)
        }
    }

    @Test func `takes the whole address`() async throws {
        let (result, transport) = await logIn { "  http://127.0.0.1/callback?code=c&state=\($0)#_=_\n" }
        #expect(try result.get().accessToken == Secret("AT"))
        let form = try #require(transport.requests.first?.form?.exposedText)
        #expect(form.contains("code=c&redirect_uri=http%3A%2F%2F127.0.0.1%2Fcallback&code_verifier="))
    }

    @Test func `knows the slash that a browser adds`() async throws {
        let (result, _) = await logIn(redirect: "http://127.0.0.1:8080") { "http://127.0.0.1:8080/?state=\($0)&code=c" }
        #expect(throws: Never.self) { try result.get() }
    }

    @Test(arguments: ["c0de", "", "https://evil.example/callback?code=c&state=STATE", "http://127.0.0.1/callback"])
    func `takes nothing but the whole address`(text: String) async {
        let (result, transport) = await logIn { text.replacing("STATE", with: $0) }
        #expect(throws: OAuthError.notTheRedirect(expected: "http://127.0.0.1/callback")) { try result.get() }
        #expect(transport.requests.isEmpty)
    }

    @Test func `takes no answer to another login`() async {
        let (result, transport) = await logIn { _ in "http://127.0.0.1/callback?code=c&state=other" }
        #expect(throws: OAuthError.anotherLogin) { try result.get() }
        #expect(transport.requests.isEmpty)
    }

    @Test func `takes no answer of another server`() async {
        let (result, transport) = await logIn { "http://127.0.0.1/callback?code=c&state=\($0)&iss=https%3A%2F%2Fevil" }
        #expect(throws: OAuthError.responseIssuerMismatch(expected: Examples.issuer, found: "https://evil")) {
            try result.get()
        }
        #expect(transport.requests.isEmpty)
    }

    @Test func `ends at its deadline`() async throws {
        let flow = PasteFlow(
            metadata: try Examples.metadata(), client: Client(id: "me"), deadline: .milliseconds(100),
            transport: ScriptedTransport([:]))
        await #expect(throws: OAuthError.authorizationTimedOut(seconds: 0)) {
            try await flow.run { _ in
                for await _ in AsyncStream<Void>.makeStream().stream {}
                throw CancellationError()
            }
        }
    }
}
