import Synchronization

/// A small, correct OAuth 2.0 authorization server on loopback, for the demo and for tests.
///
/// It supports the authorization code flow with PKCE (RFC 6749, RFC 7636, S256 only), refresh with rotation and reuse
/// detection (RFC 9700), metadata (RFC 8414), `iss` (RFC 9207), revocation (RFC 7009), introspection (RFC 7662),
/// registration (RFC 7591, RFC 7592), pushed requests (RFC 9126) and the device flow (RFC 8628). It also has resources
/// that publish their metadata (RFC 9728). It speaks plain HTTP, or TLS if it has a certificate. All tokens are opaque
/// and random, and nothing is kept after it ends.
///
/// It also misbehaves on request. The configuration holds its deviations from the standards, and a test may change it
/// while the server runs. For everything else a test sends its own response instead of the server's:
///
/// ```swift
/// try await AuthorizationServer(configuration).run { server in
///     server.reconfigure { $0.advertisesPKCE = false }
///     server.intercept { _, path in path == "/token" ? .lostAnswer : nil }  // done, response lost
///     // ... the client runs here; then the requests that the server received:
///     server.requests(to: "/token")
/// }
/// ```
package struct AuthorizationServer: Sendable {
    /// Gets each request by method and path (without the query). Returns nil to let the server answer.
    package typealias Interceptor = @Sendable (_ method: String, _ path: String) -> ScriptedResponse?

    private let configuration: AuthorizationServerConfiguration

    package init(_ configuration: AuthorizationServerConfiguration = AuthorizationServerConfiguration()) {
        self.configuration = configuration
    }

    /// Listens on 127.0.0.1 while `body` runs, and stops before this function returns. Port 0 means any free port.
    ///
    /// - Throws: the error that `body` throws, or the listener's error if it cannot be bound.
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
