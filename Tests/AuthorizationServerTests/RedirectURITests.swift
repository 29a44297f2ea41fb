import AuthorizationServer
import Testing

@Suite("Redirect URIs (RFC 8252 section 7.3)", .timeLimit(.minutes(1)))
struct RedirectURITests {
    private static let registered = [
        "http://127.0.0.1/callback", "http://[::1]/callback", "https://app.example/callback", "com.example.app:/done",
    ]

    private func status(_ uri: String, ignoringPort: Bool = true) async throws -> Int {
        var configuration = AuthorizationServerConfiguration(
            clients: [RegisteredClient(id: "app", redirectURIs: Self.registered)])
        configuration.ignoresLoopbackPort = ignoringPort
        return try await AuthorizationServer(configuration).run { server in
            let answer = try await Conversation(server, clientID: "app", redirectURI: uri).authorize()
            #expect(answer["location"] == nil)
            return answer.status
        }
    }

    @Test(arguments: [
        "http://127.0.0.1/callback", "http://127.0.0.1:1/callback", "http://127.0.0.1:65535/callback",
        "http://[::1]:4711/callback", "https://app.example/callback", "com.example.app:/done",
    ])
    func `a registered URI is accepted, on loopback with any port`(uri: String) async throws {
        #expect(try await status(uri) == 200)
    }

    @Test(arguments: [
        // Not the registered path, scheme or host.
        "http://127.0.0.1:4711/callback/", "http://127.0.0.1:4711/Callback", "http://127.0.0.1:4711/callback?x=1",
        "http://127.0.0.1:4711", "https://127.0.0.1:4711/callback", "http://localhost:4711/callback",
        "http://127.0.0.2:4711/callback", "http://127.1:4711/callback",
        // These look like loopback but are not.
        "http://127.0.0.1.evil.example/callback", "http://127.0.0.1:4711@evil.example/callback",
        "http://127.0.0.1@evil.example/callback", "http://127.0.0.1:4711#/callback", "http://127.0.0.1\\/callback",
        // Not a port.
        "http://127.0.0.1:/callback", "http://127.0.0.1:0/callback", "http://127.0.0.1:65536/callback",
        "http://127.0.0.1:4711a/callback", "http://127.0.0.1:-1/callback", "http://127.0.0.1:٣/callback",
        // On other hosts the port must match, and a fragment is never accepted.
        "https://app.example:8443/callback", "https://app.example/callback#x", "com.example.app:/done/",
    ])
    func `anything else is refused`(uri: String) async throws {
        #expect(try await status(uri) == 400)
    }

    @Test func `a server that compares exactly also compares the port`() async throws {
        #expect(try await status("http://127.0.0.1/callback", ignoringPort: false) == 200)
        #expect(try await status("http://127.0.0.1:4711/callback", ignoringPort: false) == 400)
    }
}
