import KernelKeyring
package import OAuth
import Secrets

/// Ends a grant: revokes what can be revoked (RFC 7009), then forgets it, whether or not the server could be reached.
package struct SignOut: Sendable {
    let grants: GrantStore
    let cache: any AccessTokenCache
    let lock: AccountLock

    package init(grants: GrantStore, cache: some AccessTokenCache, lock: AccountLock) {
        self.grants = grants
        self.cache = cache
        self.lock = lock
    }

    /// What became of the tokens at the server.
    package enum Outcome: Sendable, Equatable {
        /// The server has confirmed the revocation.
        case revoked
        /// The server offers no revocation; the tokens live there until they expire.
        case notOffered
        /// The server could not be reached or refused; the tokens may live there until they expire.
        case notConfirmed(OAuthError)
    }

    /// Revokes the refresh token, then the access token, and forgets both.
    ///
    /// - Parameter client: the client that the grant was given to.
    /// - Throws: `SecretServiceError` where the grant cannot be deleted.
    package func run(_ grant: Grant, client: Client, transport: any HTTPTransport) async throws -> Outcome {
        try await lock.hold(grant.account, patience: .seconds(35), waitsForPerson: true) { _ in
            let outcome = await revoke(grant, client: client, transport: transport)
            try grants.remove(grant)
            cache.remove(account: grant.account)
            return outcome
        }
    }

    private func revoke(_ grant: Grant, client: Client, transport: any HTTPTransport) async -> Outcome {
        guard let address = grant.revocationEndpoint, let url = try? EndpointURL(address) else { return .notOffered }
        let endpoint = RevocationEndpoint(url: url, client: client, transport: transport)
        do {
            if let token = grant.refreshToken { try await endpoint.revoke(token, hint: .refreshToken) }
            if let token = grant.accessToken ?? cache.token(account: grant.account)?.token {
                try await endpoint.revoke(token, hint: .accessToken)
            }
            return .revoked
        } catch {
            return .notConfirmed(error)
        }
    }
}
