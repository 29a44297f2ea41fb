import Addresses
import AuthorizationServer
import TestSupport
import Testing

@testable import OAuth

/// From an unconfigured resource to its token, at a server that registers clients.
@Suite(.timeLimit(.minutes(1)))
struct `A login with a self-registered client` {
    // token-endpoint-auth-none, -basic, -post: the server's answer counts, whatever was requested (RFC 7591 section
    // 3.2.1). A secret for `none` is not sent.
    @Test(
        arguments: [
            (ClientAuthenticationMethod.none, nil, false), (.basic, "Basic", false), (.post, nil, true),
        ] as [(ClientAuthenticationMethod, String?, Bool)])
    func `authenticates as the server requires and names the resource`(
        method: ClientAuthenticationMethod, scheme: String?, isInBody: Bool
    ) async throws {
        var configuration = AuthorizationServerConfiguration()
        configuration.signsInAtOnceAs = "demo"
        configuration.registration.access = .open
        configuration.registration.authenticationMethod = method
        configuration.registration.givesSecretToPublicClients = true
        configuration.resources = [ProtectedResource()]
        try await AuthorizationServer(configuration).run { server in
            try await logIn(server, "http://127.0.0.1:\(server.port)/mcp")
            let exchange = try #require(server.requests(to: "/token").first)
            #expect(exchange.status == 200)
            #expect(exchange.authorizationScheme == scheme)
            #expect(exchange.names.contains("client_secret") == isInBody)
            let resource = "http://127.0.0.1:\(server.port)/mcp"
            #expect(exchange.resources == [resource])
            #expect(server.requests(to: "/authorize").first?.resources == [resource])
            #expect(server.requests(to: "/register").first?.json?["application_type"] == "native")
        }
    }

    /// Challenge, both kinds of metadata, registration, browser, code.
    private func logIn(_ server: RunningServer, _ address: String) async throws {
        let transport = AsyncHTTPTransport(settings: { _ in NetworkSettings(environment: [:]) })
        let url = try EndpointURL(address)
        let found = try await ResourceDiscovery(transport: transport).metadata(of: url, advertised: nil)
        let resource = try #require(found).metadata
        let issuer = try #require(resource.authorizationServers.first)
        let metadata = try await Discovery(transport: transport).metadata(issuer: issuer)
        let endpoint = try EndpointURL(issuer + "/register")
        let registration = try await RegistrationEndpoint(url: endpoint, transport: transport)
            .register(ClientMetadata(redirectURIs: ["http://127.0.0.1/callback"]), issuer: issuer)
        let parameters = AuthorizationParameters(
            metadata: metadata, client: registration.client, resource: resource.resource)
        _ = try await AuthorizationCodeFlow(parameters, transport: transport).run { pending in
            let visit = try await Browser(pending: pending).start()
            let asked = try EndpointURL(visit.address)
            let answer = try await transport.send(HTTPRequest(get: asked))
            let back = try EndpointURL(try #require(answer.field("Location")))
            _ = try await Browser(pending: pending).comeBack(try #require(back.query), from: visit)
        }
        await transport.shutdown()
    }
}
