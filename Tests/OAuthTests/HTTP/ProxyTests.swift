import Addresses
import Secrets
import TestSupport
import Testing

@testable import OAuth

/// Requests through a proxy to a host that only the proxy can resolve.
@Suite(.timeLimit(.minutes(1)))
struct `The transport behind a proxy` {
    private static let host = "login.example.test"

    private func send(_ change: (inout NetworkSettings) -> Void) async throws -> HTTPResponse {
        var settings = NetworkSettings(environment: [:])
        change(&settings)
        let transport = AsyncHTTPTransport(settings: { [settings] _ in settings })
        do {
            let url = try EndpointURL("https://\(Self.host)/token")
            let response = try await transport.send(HTTPRequest(post: Secret("code=c"), to: url))
            await transport.shutdown()
            return response
        } catch {
            await transport.shutdown()
            throw error
        }
    }

    /// Runs `body` with the file of the server's certificate, the server, and the proxy.
    private func withNetwork(
        certificate names: String = "DNS:\(Self.host)",
        _ body: @Sendable (String, ScriptedServer, TunnelProxy) async throws -> Void
    ) async throws {
        try await TestCertificate.lend(for: names) { certificate in
            let file = certificate.file
            try await ScriptedServer.run(tls: certificate.context, { _ in .http(200, "{}") }) { server in
                try await TunnelProxy.run(to: server.port) { try await body(file, server, $0) }
            }
        }
    }

    @Test func `sends requests through the proxy, which sees only the host`() async throws {
        try await withNetwork { file, server, proxy in
            let response = try await send {
                $0.proxy = Secret("http://127.0.0.1:\(proxy.port)")
                $0.authorities = file
            }
            #expect(response.status == 200)
            #expect(proxy.requests.count == 1)
            #expect(proxy.requests.allSatisfy { $0.hasPrefix("CONNECT \(Self.host):443 HTTP/1.1\r\n") })
            #expect(proxy.requests.allSatisfy { !$0.contains("code=c") && !$0.contains("/token") })
            #expect(server.requests.first?.hasPrefix("POST /token HTTP/1.1\r\n") == true)
        }
    }

    @Test func `sends the proxy's password to the proxy and not to the server`() async throws {
        try await withNetwork { file, server, proxy in
            _ = try await send {
                $0.proxy = Secret("worker:open%20sesame@127.0.0.1:\(proxy.port)")
                $0.extraAuthorities = file
            }
            let head = try #require(proxy.requests.first).lowercased()
            // base64 of `worker:open sesame`
            #expect(head.contains("proxy-authorization: basic d29ya2vyom9wzw4gc2vzyw1l\r\n"))
            #expect(server.requests.first?.lowercased().contains("proxy-authorization") == false)
        }
    }

    @Test func `sends nothing through the proxy to an address that the resource must not name`() async throws {
        try await ScriptedServer.run({ _ in .http(502, "") }) { proxy in
            var settings = NetworkSettings(environment: [:])
            settings.proxy = Secret("http://127.0.0.1:\(proxy.port)")
            let transport = AsyncHTTPTransport(
                settings: { [settings] _ in settings }, deadline: .seconds(30),
                resolution: { _ throws(OAuthError) in [[93, 184, 216, 34]] })
            var request = HTTPRequest(get: try EndpointURL("https://10.9.9.9/x"))
            request.reach = .asPublicAs(try EndpointURL("https://mcp.example.com/mcp"))
            await #expect(throws: OAuthError.addressTooNear(host: "10.9.9.9", resource: "mcp.example.com")) {
                try await transport.send(request)
            }
            #expect(proxy.requests.isEmpty)
            await transport.shutdown()
        }
    }

    @Test func `accepts no certificate for the proxy's address in place of the server's name`() async throws {
        try await withNetwork(certificate: "IP:127.0.0.1") { file, server, proxy in
            await #expect(throws: OAuthError.untrusted(host: Self.host, reason: .otherName)) {
                _ = try await send {
                    $0.proxy = Secret("http://127.0.0.1:\(proxy.port)")
                    $0.authorities = file
                }
            }
            #expect(server.requests.isEmpty)
        }
    }

    @Test func `checks the certificate of a server behind a proxy`() async throws {
        try await withNetwork { _, server, proxy in
            await #expect {
                _ = try await send { $0.proxy = Secret("http://127.0.0.1:\(proxy.port)") }
            } throws: { error in
                if case OAuthError.untrusted(host: Self.host, _) = error { true } else { false }
            }
            #expect(proxy.requests.count == 1)
            #expect(server.requests.isEmpty)
        }
    }

    /// An answer of a proxy, and the resulting error.
    static let refusals = [
        (
            "HTTP/1.1 407 X\r\nProxy-Authenticate: Basic realm=\"x\"\r\nContent-Length: 0\r\n\r\n",
            true
        ), ("HTTP/1.1 502 X\r\nContent-Length: 0\r\n\r\n", false),
        ("HTTP/1.1 403 X\r\nContent-Length: 2\r\n\r\nno", false),
    ]

    @Test(arguments: refusals)
    func `reports that the proxy refused, and which setting names it`(_ answer: String, _ wantsPassword: Bool)
        async throws
    {
        try await ScriptedServer.run({ _ in .bytes(answer) }) { proxy in
            let error = OAuthError.proxyRefused(
                host: Self.host, proxy: "127.0.0.1:\(proxy.port)", setting: "https_proxy", wantsPassword: wantsPassword)
            await #expect(throws: error) {
                try await send { $0.proxy = Secret("http://me:secret@127.0.0.1:\(proxy.port)") }
            }
        }
    }

    @Test func `reports which proxy is unreachable, without its password`() async throws {
        let silent = try SilentPort()
        let reason = "the proxy 127.0.0.1:\(silent.port): connection refused"
        await #expect(throws: OAuthError.unreachable(host: Self.host, reason: reason)) {
            try await send { $0.proxy = Secret("http://me:secret@127.0.0.1:\(silent.port)") }
        }
        withExtendedLifetime(silent) {}
    }

    @Test func `determines the route of each request, with one client per route`() async throws {
        try await TestCertificate.lend(for: "IP:127.0.0.1") { certificate in
            let file = certificate.file
            try await ScriptedServer.run(tls: certificate.context, { _ in .http(200, "{}") }) { server in
                let transport = AsyncHTTPTransport(settings: { url in
                    var settings = NetworkSettings(environment: [:])
                    settings.authorities = url.path == "/trusted" ? file : nil
                    return settings
                })
                let trusted = try await transport.send(HTTPRequest(get: try EndpointURL(server.address("/trusted"))))
                #expect(trusted.status == 200)
                await #expect(throws: OAuthError.self) {
                    try await transport.send(HTTPRequest(get: try EndpointURL(server.address("/other"))))
                }
                await transport.shutdown()
            }
        }
    }
}
