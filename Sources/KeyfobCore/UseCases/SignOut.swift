import Addresses
import CredentialProtocol
import KernelKeyring
package import OAuth
import Secrets

/// Ends a grant: revokes its tokens (RFC 7009), then deletes it, even if the server cannot be reached.
package struct SignOut: Sendable {
    let grants: GrantStore
    let cache: any AccessTokenCache
    let lock: AccountLock
    let registrations: RegistrationStore
    let approvals: Approvals?
    package let hasNoKeyring: Bool

    /// - Parameters:
    ///   - approvals: the list of approved services; nil if there is no home directory.
    ///   - hasNoKeyring: whether the user keeps nothing in a Secret Service.
    package init(
        grants: GrantStore, cache: some AccessTokenCache, lock: AccountLock, registrations: RegistrationStore,
        approvals: Approvals?, hasNoKeyring: Bool = false
    ) {
        self.hasNoKeyring = hasNoKeyring
        self.grants = grants
        self.cache = cache
        self.lock = lock
        self.registrations = registrations
        self.approvals = approvals
    }

    /// The result of a sign-out.
    package struct Outcome: Sendable, Equatable {
        package var tokens: Tokens
        package var registration: Registration
        /// Why the approval of the service could not be deleted. Everything else was.
        package var keptApproval: ConfigurationError?
    }

    /// The state of the registration at the server.
    package enum Registration: Sendable, Equatable {
        /// keyfob has made none, or another sign-in still uses it.
        case stays
        /// The server has deleted it, or offers no deletion.
        case forgotten
        /// keyfob has deleted it; the server may still have it.
        case notConfirmed(OAuthError)
    }

    /// The state of the tokens at the server.
    package enum Tokens: Sendable, Equatable {
        /// The server has confirmed the revocation.
        case revoked
        /// There was no token to revoke, and none was sent. If `byServer`, the server had refused the refresh token before.
        case nothingLeft(byServer: Bool)
        /// The server offers no revocation. The tokens stay valid until they expire, or until the user revokes them on the
        /// page, if one is known.
        case notOffered(page: String?)
        /// The server refused or could not be reached. The tokens may stay valid until they expire.
        case notConfirmed(OAuthError)
    }

    /// Revokes and deletes the refresh token and the access token. The last grant at an issuer takes the registration with it
    /// (RFC 7592), and the last one at a service takes its approval.
    ///
    /// - Parameters:
    ///   - client: the client that got the grant.
    ///   - host: built-in facts about the service.
    /// - Throws: `SecretServiceError` if the grant cannot be deleted.
    package func run(
        _ grant: Grant, client: Client, host: KnownHost? = nil, transport: any HTTPTransport
    ) async throws -> Outcome {
        try await lock.hold(grant.account, patience: .seconds(35), waitsForPerson: true) { held in
            // The previous holder of the lock may have refreshed it.
            let grant = try grants.settledGrant(account: grant.account) ?? grant
            let client = client.id.isSame(as: grant.client.id) ? client : grant.client
            // This comes first, so that an interrupted logout leaves no revoked token in the cache.
            let accessToken = grant.accessToken ?? cache.token(account: grant.account)?.token
            cache.remove(account: grant.account)
            let tokens = await revoke(grant, accessToken, client, host, transport)
            try grants.remove(grant)
            // Nobody needs an answer any more that was lost before.
            held.answerIsKept()
            // Without a Secret Service, its grants are unknown, and one of them may need the registration or the approval.
            let isWhole = hasNoKeyring || !grants.mayHaveMore
            let others = isWhole ? try grants.allInSight().grants.map(\.grant) : (try? grants.all()) ?? []
            // If the list of approvals cannot be read, the rest still ends.
            let keptApproval = isWhole ? forgetApproval(of: grant, others) : nil
            let registration = isWhole ? try await unregister(grant, client, others, transport) : .stays
            return Outcome(tokens: tokens, registration: registration, keptApproval: keptApproval)
        }
    }

    /// Deletes the approval of the service, unless another grant needs it. Returns the error if that fails.
    private func forgetApproval(of grant: Grant, _ others: [Grant]) -> ConfigurationError? {
        guard let service = try? ServiceURL(grant.service), !others.contains(where: { $0.service == grant.service })
        else { return nil }
        do throws(ConfigurationError) {
            try approvals?.remove(service)
            return nil
        } catch {
            return error
        }
    }

    /// Deletes the user's clients that no grant needs, with their secrets. Their registrations at the servers stay,
    /// because the user made them.
    ///
    /// - Returns: the deleted clients.
    /// - Throws: `SecretServiceError` if the keyring cannot be read or written.
    package func forgetPersonsClients() throws -> [ClientRegistration] {
        if self.grants.mayHaveMore { return [] }
        let grants = try grants.all()
        let unneeded = try registrations.all().filter { registration in
            registration.isByPerson && !grants.contains { $0.client.id.isSame(as: registration.client.id) }
        }
        for registration in unneeded { try registrations.remove(registration) }
        return unneeded
    }

    /// Deletes keyfob's own registrations at the grant's issuer that no grant needs, here and at the server.
    private func unregister(
        _ grant: Grant, _ client: Client, _ others: [Grant], _ transport: any HTTPTransport
    ) async throws -> Registration {
        guard let issuer = grant.issuer else { return .stays }
        if !others.contains(where: { $0.issuer == issuer }) { try registrations.noteUnusable(nil, issuer: issuer) }
        var result = Registration.stays
        for registration in try registrations.own(issuer: issuer)
        where !others.contains(where: { $0.client.id.isSame(as: registration.client.id) }) {
            try registrations.remove(registration)
            let isItsOwn = registration.client.id.isSame(as: client.id)
            do {
                try await RegistrationManagement(transport: transport).delete(registration)
                if isItsOwn { result = .forgotten }
            } catch {
                if isItsOwn { result = .notConfirmed(error) }
            }
        }
        return result
    }

    private func revoke(
        _ grant: Grant, _ accessToken: Secret?, _ client: Client, _ host: KnownHost?, _ transport: any HTTPTransport
    ) async -> Tokens {
        let hasNone = grant.refreshToken == nil && accessToken == nil
        if hasNone, grant.endedAt != nil { return .nothingLeft(byServer: true) }
        guard let address = grant.revocationEndpoint, let url = try? EndpointURL(address) else {
            return await delete(accessToken, of: grant, client, host, transport)
        }
        if hasNone { return .nothingLeft(byServer: false) }
        let endpoint = RevocationEndpoint(
            url: url, client: client, transport: transport,
            besides: [grant.refreshToken, accessToken].compactMap { $0 })
        var failure: OAuthError?
        let older = grants.olderRefreshTokens(of: grant)
        let tokens: [(Secret?, TokenTypeHint)] =
            [(grant.refreshToken, .refreshToken), (accessToken, .accessToken)] + older.map { ($0, .refreshToken) }
        // A server that refuses one may accept the other.
        for (token, hint) in tokens {
            guard let token else { continue }
            do { try await endpoint.revoke(token, hint: hint) } catch { failure = failure ?? error }
        }
        return failure.map { .notConfirmed($0) } ?? .revoked
    }

    /// Some servers without RFC 7009 delete an access token for a client with a secret.
    private func delete(
        _ accessToken: Secret?, of grant: Grant, _ client: Client, _ host: KnownHost?, _ transport: any HTTPTransport
    ) async -> Tokens {
        guard let host, let service = try? ServiceURL(grant.service) else { return .notOffered(page: nil) }
        let page = host.grantsPage(for: service, issuer: grant.issuer)
        guard client.secret != nil, let accessToken,
            let url = host.tokenDeletion(for: service, clientID: client.id)
        else { return .notOffered(page: page) }
        do {
            try await TokenDeletion(url: url, client: client, transport: transport).delete(accessToken)
            // A refresh token beside it may stay valid.
            return grant.refreshToken == nil ? .revoked : .notOffered(page: page)
        } catch {
            return .notConfirmed(error)
        }
    }
}
