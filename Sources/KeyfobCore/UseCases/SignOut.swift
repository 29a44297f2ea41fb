import CredentialProtocol
import KernelKeyring
package import OAuth
import Secrets

/// Ends a grant: revokes what can be revoked (RFC 7009), then forgets it, whether or not the server could be reached.
package struct SignOut: Sendable {
    let grants: GrantStore
    let cache: any AccessTokenCache
    let lock: AccountLock
    let registrations: RegistrationStore
    let approvals: Approvals?

    /// - Parameter approvals: where approved services are written down; nil where there is no home directory.
    package init(
        grants: GrantStore, cache: some AccessTokenCache, lock: AccountLock, registrations: RegistrationStore,
        approvals: Approvals?
    ) {
        self.grants = grants
        self.cache = cache
        self.lock = lock
        self.registrations = registrations
        self.approvals = approvals
    }

    /// What became of it all at the server.
    package struct Outcome: Sendable, Equatable {
        package var tokens: Tokens
        package var registration: Registration
        /// Why the approval of the service could not be forgotten; everything else was.
        package var keptApproval: ConfigurationError?
    }

    /// What became of the registration at the server.
    package enum Registration: Sendable, Equatable {
        /// There is none of ours, or another sign-in still uses it.
        case stays
        /// The server has deleted it, or had no way to.
        case forgotten
        /// It is forgotten here; the server may still have it.
        case notConfirmed(OAuthError)
    }

    /// What became of the tokens at the server.
    package enum Tokens: Sendable, Equatable {
        /// The server has confirmed the revocation.
        case revoked
        /// The server offers no revocation; the tokens live there until they expire, or until a person ends them on that
        /// page, where it is known.
        case notOffered(page: String?)
        /// The server could not be reached or refused; the tokens may live there until they expire.
        case notConfirmed(OAuthError)
    }

    /// Revokes the refresh token, then the access token, and forgets both; with the last grant at an issuer the
    /// registration goes (RFC 7592), and with the last one at a service its approval.
    ///
    /// - Parameters:
    ///   - client: the client that the grant was given to.
    ///   - host: what is known of the program that serves the service.
    /// - Throws: `SecretServiceError` where the grant cannot be deleted.
    package func run(
        _ grant: Grant, client: Client, host: KnownHost? = nil, transport: any HTTPTransport
    ) async throws -> Outcome {
        try await lock.hold(grant.account, patience: .seconds(35), waitsForPerson: true) { _ in
            // Whoever had the lock before may have renewed it.
            let grant = try grants.settledGrant(account: grant.account) ?? grant
            let client = client.id.isSame(as: grant.client.id) ? client : grant.client
            // First of all, so that a logout that is cut short leaves no revoked token to be answered with.
            let accessToken = grant.accessToken ?? cache.token(account: grant.account)?.token
            cache.remove(account: grant.account)
            let tokens = await revoke(grant, accessToken, client, host, transport)
            try grants.remove(grant)
            let others = try grants.all()
            // A list that cannot be read keeps nothing of the rest from being ended.
            let keptApproval = forgetApproval(of: grant, others)
            let registration = try await unregister(grant, client, others, transport)
            return Outcome(tokens: tokens, registration: registration, keptApproval: keptApproval)
        }
    }

    /// Returns why that cannot be; nil once there is no approval that no grant needs.
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

    /// Forgets the clients that a person has registered and no grant needs, with their secrets. Their registrations at the
    /// servers are the person's to end.
    ///
    /// - Returns: what is forgotten.
    /// - Throws: `SecretServiceError` if the keyring cannot be read or written.
    package func forgetPersonsClients() throws -> [ClientRegistration] {
        let grants = try grants.all()
        let unneeded = try registrations.all().filter { registration in
            registration.isByPerson && !grants.contains { $0.client.id.isSame(as: registration.client.id) }
        }
        for registration in unneeded { try registrations.remove(registration) }
        return unneeded
    }

    /// Forgets the registrations of keyfob's own at the issuer of a grant that no grant needs, here and at the server.
    private func unregister(
        _ grant: Grant, _ client: Client, _ others: [Grant], _ transport: any HTTPTransport
    ) async throws -> Registration {
        guard let issuer = grant.issuer else { return .stays }
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
        guard let address = grant.revocationEndpoint, let url = try? EndpointURL(address) else {
            return await delete(accessToken, of: grant, client, host, transport)
        }
        let endpoint = RevocationEndpoint(url: url, client: client, transport: transport)
        var failure: OAuthError?
        let tokens: [(Secret?, TokenTypeHint)] = [
            (grant.refreshToken, .refreshToken), (accessToken, .accessToken),
        ]
        // A server that refuses the one may take the other.
        for (token, hint) in tokens {
            guard let token else { continue }
            do { try await endpoint.revoke(token, hint: hint) } catch { failure = failure ?? error }
        }
        return failure.map { .notConfirmed($0) } ?? .revoked
    }

    /// Where there is no RFC 7009, some servers delete an access token for a client with a secret.
    private func delete(
        _ accessToken: Secret?, of grant: Grant, _ client: Client, _ host: KnownHost?, _ transport: any HTTPTransport
    ) async -> Tokens {
        guard let host, let service = try? ServiceURL(grant.service) else { return .notOffered(page: nil) }
        let page = host.grantsPage(for: service)
        guard client.secret != nil, let accessToken,
            let url = host.tokenDeletion(for: service, clientID: client.id)
        else { return .notOffered(page: page) }
        do {
            try await TokenDeletion(url: url, client: client, transport: transport).delete(accessToken)
            // A refresh token beside it may live on.
            return grant.refreshToken == nil ? .revoked : .notOffered(page: page)
        } catch {
            return .notConfirmed(error)
        }
    }
}
