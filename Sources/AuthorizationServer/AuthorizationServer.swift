import Synchronization

/// A small, correct OAuth 2.0 authorization server on loopback, for the demo and for tests.
///
/// It speaks the authorization code flow with PKCE (RFC 6749, RFC 7636, S256 only), refresh with rotation and reuse
/// detection (RFC 9700), metadata (RFC 8414), `iss` (RFC 9207), revocation (RFC 7009), introspection (RFC 7662),
/// registration (RFC 7591, RFC 7592), pushed requests (RFC 9126), logins at another device (RFC 8628), and has resources
/// that describe themselves (RFC 9728). It speaks plain HTTP, or TLS where it is given a certificate. All tokens are opaque
/// and random, and everything is forgotten when it ends.
///
/// It is also the server that misbehaves on demand. How it departs from the straight path stands in the configuration,
/// which a test may change while it runs; what the configuration has no word for is sent in place of an answer:
///
/// ```swift
/// try await AuthorizationServer(configuration).run { server in
///     server.reconfigure { $0.advertisesPKCE = false }
///     server.intercept { _, path in path == "/token" ? .lostAnswer : nil }  // done, and nobody hears of it
///     // ... what the client does, and then what the server has seen of it:
///     server.requests(to: "/token")
/// }
/// ```
package struct AuthorizationServer: Sendable {
    /// Offered each request by method and path (without the query); nil leaves it to the server.
    package typealias Interceptor = @Sendable (_ method: String, _ path: String) -> ScriptedResponse?

    private let configuration: AuthorizationServerConfiguration

    package init(_ configuration: AuthorizationServerConfiguration = AuthorizationServerConfiguration()) {
        self.configuration = configuration
    }

    /// Listens on a free port of 127.0.0.1 for as long as `body` runs, and stops before this returns.
    ///
    /// Throws what `body` throws, or the error of the listener where it cannot be bound.
    package func run<Result>(
        port: Int = 0, whileRunning body: (RunningServer) async throws -> Result
    ) async throws -> Result {
        let service = ServerService(configuration)
        let scheme = configuration.certificate == nil ? "http" : "https"
        return try await LoopbackListener.run(
            port: port, tls: configuration.certificate?.configuration { service.certificate },
            respond: { await service.respond(to: $0, on: $1) },
            whileRunning: { port in
                service.state.withLock { $0.origin = "\(scheme)://127.0.0.1:\(port)" }
                return try await body(RunningServer(service: service, port: port))
            })
    }
}
