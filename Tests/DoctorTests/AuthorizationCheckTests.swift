import Addresses
import KeyfobCore
import OAuth
import Synchronization
import TestSupport
import Testing

@testable import Doctor

@Suite struct `The check of the authorization request` {
    private func trial(_ answer: ScriptedTransport.Answer) async throws -> (
        AuthorizationTrial, AuthorizationTrial.Answer
    ) {
        let metadata = AuthorizationServerMetadata(
            issuer: "https://login.example.com",
            authorizationEndpoint: try EndpointURL("https://login.example.com/authorize"),
            tokenEndpoint: try EndpointURL("https://login.example.com/token"))
        let trial = AuthorizationTrial(
            AuthorizationParameters(metadata: metadata, client: Client(id: "me"), scopes: ["read"]), port: 1234)
        return (trial, try await trial.send(by: AnyAnswer(answer)))
    }

    private static func redirect(_ location: String, _ status: Int = 302) -> ScriptedTransport.Answer {
        .status(status, fields: [(name: "Location", value: location)])
    }

    private static func html(_ text: String, _ status: Int) -> ScriptedTransport.Answer {
        .body(text, type: "text/html", status: status)
    }

    static let answers: [(String, ScriptedTransport.Answer, AuthorizationTrial.Answer)] = [
        ("a sign-in page", html("<html><title>Sign in</title>", 200), .page(title: "Sign in")),
        ("a page without title", html("<html>", 200), .page(title: nil)),
        ("a redirect to its sign-in", redirect("/login?next=%2F"), .continues(host: "login.example.com")),
        ("a redirect to another host", redirect("https://sso.example.net/x"), .continues(host: "sso.example.net")),
        ("a code at once", redirect("http://127.0.0.1:1234/callback?code=x&state=y"), .comesBack),
        ("nobody is signed in", redirect("http://127.0.0.1:1234/callback?error=login_required"), .comesBack),
        (
            "an error in the redirect",
            redirect("http://127.0.0.1:1234/callback?error=invalid_scope&error_description=no"),
            .refuses(status: 302, error: "invalid_scope", description: "no")
        ),
        (
            "a redirect to an error page", redirect("/error?error=invalid_client", 303),
            .refuses(status: 303, error: "invalid_client", description: nil)
        ),
        (
            "an error page", html("<TITLE>\n Unknown\u{1B}[2J client </TITLE>", 400),
            .refuses(status: 400, error: nil, description: "Unknown [2J client")
        ),
        (
            "an error in JSON", .json(#"{"error":"invalid_redirect_uri"}"#, status: 400),
            .refuses(status: 400, error: "invalid_redirect_uri", description: nil)
        ),
        (
            "an error in JSON with 200", .json(#"{"error":"unauthorized_client","error_description":"x"}"#),
            .refuses(status: 200, error: "unauthorized_client", description: "x")
        ),
        ("a firewall", html("<title>Blocked</title>", 403), .refuses(status: 403, error: nil, description: "Blocked")),
    ]

    @Test(arguments: answers)
    func `reads`(name: String, response: ScriptedTransport.Answer, expected: AuthorizationTrial.Answer) async throws {
        #expect(try await trial(response).1 == expected)
    }

    @Test func `sends what a sign-in sends, and asks for a page`() async throws {
        let transport = AnyAnswer(.status(200))
        let metadata = AuthorizationServerMetadata(
            issuer: nil, authorizationEndpoint: try EndpointURL("https://login.example.com/authorize"),
            tokenEndpoint: try EndpointURL("https://login.example.com/token"))
        let trial = AuthorizationTrial(
            AuthorizationParameters(metadata: metadata, client: Client(id: "me"), scopes: ["read"]), port: 1234)
        _ = try await trial.send(by: transport)
        let request = try #require(transport.requests.first)
        // The second request asks for an answer without a page.
        #expect(transport.requests.count == 2)
        #expect(transport.requests.last?.url.string == request.url.string + "&prompt=none")
        #expect(request.accept.hasPrefix("text/html"))
        let query = request.url.query ?? ""
        for part in ["client_id=me", "redirect_uri=http%3A%2F%2F127.0.0.1%3A1234%2Fcallback", "scope=read", "state="] {
            #expect(query.contains(part))
        }
    }

    @Test func `sends nothing to a host without the user's consent`() async throws {
        let parts = FakeParts()
        let issuer = "https://login.example.com"
        var account = Account(
            service: try ServiceURL("https://git.example.com"),
            server: .issuer(issuer), client: Client(id: "me"))
        account.reach = .service
        let metadata = AuthorizationServerMetadata(
            issuer: issuer, authorizationEndpoint: try EndpointURL("https://evil.example/authorize"),
            tokenEndpoint: try EndpointURL(issuer + "/token"))
        let finding = try await parts.look(
            AuthorizationCheck(),
            after: { [account] context in
                context.notes.note { ($0.account, $0.metadata) = (account, metadata) }
            })
        #expect((finding.status, finding.because) == (.skipped, "metadata"))
        #expect(parts.network.addresses.isEmpty)
    }
}

/// A server that gives the same answer to each request.
private final class AnyAnswer: HTTPTransport {
    private let answer: ScriptedTransport.Answer
    private let asked = Mutex<[HTTPRequest]>([])

    init(_ answer: ScriptedTransport.Answer) { self.answer = answer }

    var requests: [HTTPRequest] { asked.withLock { $0 } }

    func send(_ request: HTTPRequest) async throws(OAuthError) -> HTTPResponse {
        asked.withLock { $0.append(request) }
        switch answer {
        case .response(let response): return response
        case .failure(let error): throw error
        }
    }
}
