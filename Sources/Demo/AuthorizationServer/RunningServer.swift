package import Secrets
import Synchronization

/// The running server: its address, its log, and the functions with which a test makes it misbehave.
package struct RunningServer: Sendable {
    let service: ServerService

    /// `http://127.0.0.1:PORT`, or the same with `https` if the server has a certificate.
    package var origin: String { service.state.withLock { $0.origin } }

    /// The issuer identifier: the origin and the configured path.
    package var issuer: String { service.state.withLock { $0.issuer } }

    /// The TCP port on 127.0.0.1.
    package let port: Int

    /// Every request answered so far, in order.
    package var requestLog: [LoggedRequest] { service.state.withLock { $0.log } }

    /// The logged requests to one path below the issuer, for instance `/token`.
    package func requests(to path: String) -> [LoggedRequest] {
        service.state.withLock { state in
            state.log.filter { $0.path == state.configuration.issuerPath + path }
        }
    }

    /// The server's record of an access token; nil if it is unknown, expired or revoked.
    package func introspect(_ token: String) -> TokenInfo? { service.state.withLock { $0.info(token) } }

    /// The same for a token that the caller keeps as a ``Secret``.
    package func introspect(_ token: Secret) -> TokenInfo? { token.exposedText.flatMap { introspect($0) } }

    /// The fingerprints of the refresh tokens that are valid now, as in the log.
    package var liveRefreshTokens: [String] { service.state.withLock { $0.grants.liveRefreshTokens } }

    /// The number of access tokens that are valid now.
    package var liveAccessTokenCount: Int {
        service.state.withLock { $0.grants.liveAccessTokenCount(at: $0.now) }
    }

    /// Passes every following request to `interceptor`, by method and path. The server sends the response that it
    /// returns instead of its own, and does not act on the request unless that response says so. nil stops this.
    package func intercept(_ interceptor: AuthorizationServer.Interceptor?) {
        service.state.withLock { $0.interceptor = interceptor }
    }

    /// The ids of the clients that registered themselves, in alphabetical order.
    package var registeredClients: [String] {
        service.state.withLock { $0.registrations.registrations.keys.sorted() }
    }

    /// Deletes a self-registered client and all its grants, as servers that clean up do.
    package func forgetClient(_ id: String) { service.state.withLock { $0.forgetClient(id) } }

    /// Changes the configuration for the following requests; a certificate, for the following connections.
    package func reconfigure(_ change: (inout AuthorizationServerConfiguration) -> Void) {
        service.state.withLock { change(&$0.configuration) }
    }

    /// Advances the server's clock, so that codes and tokens age without waiting.
    package func advanceClock(bySeconds seconds: Double) {
        service.state.withLock { $0.clockOffset += seconds }
    }

    /// Revokes all access tokens, as an operator does who no longer trusts them; the grants stay valid.
    package func withdrawAccessTokens() { service.state.withLock { $0.grants.accessTokens = [:] } }
}
