package import Secrets
import Synchronization

/// The server while it listens: where it stands, what it has seen, and the handles by which a test makes it misbehave.
package struct RunningServer: Sendable {
    let service: ServerService

    /// `http://127.0.0.1:PORT`, or the same with `https` where the server has a certificate.
    package var origin: String { service.state.withLock { $0.origin } }

    /// The issuer identifier: the origin and the configured path.
    package var issuer: String { service.state.withLock { $0.issuer } }

    /// The TCP port on 127.0.0.1.
    package let port: Int

    /// Every request answered so far, in the order of time.
    package var requestLog: [LoggedRequest] { service.state.withLock { $0.log } }

    /// The logged requests to one path below the issuer, for instance `/token`.
    package func requests(to path: String) -> [LoggedRequest] {
        service.state.withLock { state in
            state.log.filter { $0.path == state.configuration.issuerPath + path }
        }
    }

    /// What the server knows of an access token; nil if it is unknown, expired or revoked.
    package func introspect(_ token: String) -> TokenInfo? { service.state.withLock { $0.info(token) } }

    /// As the other, for a token that the caller keeps as a secret.
    package func introspect(_ token: Secret) -> TokenInfo? { token.exposedText.flatMap { introspect($0) } }

    /// The fingerprints of the refresh tokens that would be honoured now, as the log shows them.
    package var liveRefreshTokens: [String] { service.state.withLock { $0.grants.liveRefreshTokens } }

    /// The number of access tokens that are good now.
    package var liveAccessTokenCount: Int {
        service.state.withLock { $0.grants.liveAccessTokenCount(at: $0.now) }
    }

    /// From now on every request is first offered to `interceptor`, by method and path; what it returns is sent in place
    /// of the server's own answer, which is then never made, unless it says otherwise. nil ends it.
    package func intercept(_ interceptor: AuthorizationServer.Interceptor?) {
        service.state.withLock { $0.interceptor = interceptor }
    }

    /// The ids of the clients that registered themselves, in the order of the alphabet.
    package var registeredClients: [String] {
        service.state.withLock { $0.registrations.registrations.keys.sorted() }
    }

    /// Forgets a client that registered itself, as servers do that clean up, with all that was granted to it.
    package func forgetClient(_ id: String) { service.state.withLock { $0.forgetClient(id) } }

    /// Changes the configuration for the requests to come; a certificate, for the connections to come.
    package func reconfigure(_ change: (inout AuthorizationServerConfiguration) -> Void) {
        service.state.withLock { change(&$0.configuration) }
    }

    /// Puts the server's clock forward, so that codes and tokens age without anybody waiting.
    package func advanceClock(bySeconds seconds: Double) {
        service.state.withLock { $0.clockOffset += seconds }
    }

    /// Withdraws all access tokens, as a server does whose operator has lost trust in them; the grants live on.
    package func withdrawAccessTokens() { service.state.withLock { $0.grants.accessTokens = [:] } }
}
