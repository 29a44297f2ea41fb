import Addresses
import Secrets
import TestSupport
import Testing

@testable import OAuth

/// A complete sign-in, from the issuer to the token, over real sockets on both sides.
@Suite(.timeLimit(.minutes(1)))
struct `A whole login on loopback` {
    @Test(arguments: ["", "/t1"])
    func `discovers, signs in, exchanges, refreshes and revokes`(path: String) async throws {
        let served = PortBox()
        try await ScriptedServer.run({ target in
            let origin = "http://127.0.0.1:\(served.port)"
            switch target {
            case "/.well-known/oauth-authorization-server\(path)":
                return .http(
                    200,
                    """
                    {"issuer":"\(origin)\(path)","authorization_endpoint":"\(origin)/authorize?tenant=a",
                     "token_endpoint":"\(origin)/token","revocation_endpoint":"\(origin)/revoke",
                     "code_challenge_methods_supported":["S256"],"authorization_response_iss_parameter_supported":true}
                    """)
            case "/token": return .http(200, #"{"access_token":"AT","token_type":"Bearer","refresh_token":"RT"}"#)
            case "/revoke": return .http(200)
            default: return .http(404)
            }
        }) { server in
            served.port = server.port
            let transport = AsyncHTTPTransport(settings: { _ in NetworkSettings(environment: [:]) })
            let metadata = try await Discovery(transport: transport).metadata(issuer: server.address(path))
            let client = Client(id: "me")
            let flow = AuthorizationCodeFlow(
                AuthorizationParameters(metadata: metadata, client: client), transport: transport)
            let response = try await flow.run { pending in
                try await Browser(pending: pending).signIn(extra: "&iss=" + FormEncoding.encode(server.address(path)))
            }
            #expect(response.accessToken == Secret("AT"))

            let refreshToken = try #require(response.refreshToken)
            _ = try await TokenEndpoint(url: metadata.tokenEndpoint, client: client, transport: transport)
                .refresh(refreshToken, resource: nil)
            try await RevocationEndpoint(
                url: try #require(metadata.revocationEndpoint), client: client, transport: transport
            ).revoke(refreshToken, hint: .refreshToken)
            await transport.shutdown()
            #expect(server.requests.map { $0.prefix { $0 != " " } } == ["GET", "POST", "POST", "POST"])
        }
    }
}
