import Addresses
import KernelKeyring
import OAuth
import SecretService
import Secrets

/// Gets access tokens from a stored grant, without the user.
///
/// The caller holds the account's lock and has read the grant. A refresh writes the grant at most once.
struct GrantRefresh: Sendable {
    let grants: GrantStore
    let tokens: CachedTokens
    let clients: ClientSource
    let transport: @Sendable (Account) -> any HTTPTransport

    enum Outcome {
        case token(CachedAccessToken)
        /// The user has to sign in; with the grant of the last sign-in, if there is one.
        case signInNeeded(CredentialFailure.SignInReason, after: Grant?)
    }

    /// Returns a token from `grant`: the access token in it, or one that the server gives for its refresh token.
    ///
    /// - Parameter stored: the answer of the keyring.
    /// - Throws: the error of the keyring or the server, if the cache has no token either.
    func token(
        of account: Account, from stored: Result<Grant?, SecretServiceError>, _ held: AccountLock.Held
    ) async throws -> Outcome {
        let found: Grant?
        do {
            found = try stored.get()
        } catch {
            if let token = tokens.living(account) { return .token(token) }
            throw error
        }
        guard let grant = found else { return .signInNeeded(.noGrant, after: nil) }
        if let token = grant.accessToken {
            return .token(tokens.keep(token, lifetime: nil, refreshable: false, of: account))
        }
        guard let refreshToken = grant.refreshToken else {
            return .signInNeeded(grant.endedAt == nil ? .noRefreshToken : .grantEnded, after: grant)
        }
        do {
            return .token(try await refresh(grant, refreshToken, of: account, held))
        } catch OAuthError.refused(_, _, error: "invalid_grant", let description) {
            return try await afterInvalidGrant(grant, description, of: account, held)
        } catch let error as OAuthError where error.refusesClient {
            return try await afterRefusedClient(grant, error, of: account)
        } catch let error as OAuthError where error.isTransient {
            if let token = tokens.living(account) { return .token(token) }
            throw error
        }
    }

    /// Sends `refreshToken` to the server and stores the new one. If that cannot be stored, it is lost; but the grant was
    /// read a moment ago under the lock, so its collection exists and is unlocked.
    private func refresh(
        _ grant: Grant, _ refreshToken: Secret, of account: Account, _ held: AccountLock.Held
    ) async throws -> CachedAccessToken {
        let endpoint = TokenEndpoint(
            url: try EndpointURL(grant.tokenEndpoint), client: grant.client(for: account), transport: transport(account)
        )
        let response = try await Self.answer(held) { () throws(OAuthError) in
            try await endpoint.refresh(refreshToken, resource: grant.resource)
        }
        var renewed = grant
        renewed.refreshToken = response.refreshToken ?? refreshToken
        renewed.scopes = response.scope ?? grant.scopes
        if renewed != grant { try grants.save(renewed, for: account) }
        held.answerIsKept()
        return tokens.keep(response.accessToken, lifetime: response.expiresIn, refreshable: true, of: account)
    }

    /// Runs `refresh`, and once more if the answer was lost on the way: servers that replace refresh tokens accept the
    /// previous one for a while, for this case.
    private static func answer(
        _ held: AccountLock.Held, _ refresh: () async throws(OAuthError) -> TokenResponse
    ) async throws(OAuthError) -> TokenResponse {
        func isLost(_ error: OAuthError) -> Bool {
            switch error {
            case .answerLost, .timedOut: true
            default: false
            }
        }
        do {
            return try await held.refreshing(isLost: isLost, refresh)
        } catch {
            guard case .answerLost = error else { throw error }
        }
        return try await held.refreshing(isLost: isLost, refresh)
    }

    /// Ends the grant after `invalid_grant`, which is the only error that ends one, and only if the keyring still has the
    /// refresh token that was sent.
    private func afterInvalidGrant(
        _ sent: Grant, _ description: String?, of account: Account, _ held: AccountLock.Held
    ) async throws -> Outcome {
        let stored = try grants.settledGrant(account: account.id)
        if let newer = stored?.refreshToken, newer != sent.refreshToken {
            return try await token(of: account, from: .success(stored), held)
        }
        try end(sent)
        return .signInNeeded(held.answerIsLost ? .answerLost : .grantRefused(description: description), after: sent)
    }

    /// Forgets keyfob's own registration, and only after `invalid_client`. A client that the user has registered
    /// stays: only the user can repair it.
    private func afterRefusedClient(
        _ grant: Grant, _ error: OAuthError, of account: Account
    ) async throws -> Outcome {
        let issuer = grant.issuer ?? account.server.identifier
        guard account.client == nil, try !clients.isByPerson(grant.client, issuer: issuer) else {
            throw CredentialFailure.clientRefused(service: account.service, id: grant.client.id, by: error)
        }
        guard case .refused(_, _, error: "invalid_client", _) = error else { throw error }
        try end(grant)
        try await clients.forget(
            grant.client, issuer: issuer, needed: { try grants.all() }, transport: transport(account))
        return .signInNeeded(.clientForgotten, after: grant)
    }

    /// Deletes the tokens of a grant that the server no longer accepts. The rest stays, as the record of the account.
    private func end(_ grant: Grant) throws {
        var ended = grant
        ended.refreshToken = nil
        ended.endedAt = tokens.now()
        try grants.save(ended)
        tokens.cache.remove(account: grant.account)
    }
}

extension Grant {
    /// The client that the grant was given to. If the configuration has a secret for it, that is the newer one.
    func client(for account: Account?) -> Client {
        account?.client.flatMap { $0.id.isSame(as: client.id) && $0.secret != nil ? $0 : nil } ?? client
    }
}

extension GrantStore {
    /// Stores `grant`.
    ///
    /// - Throws: ``CredentialFailure/grantNotSaved(service:)`` if the keyring refuses.
    func save(_ grant: Grant, for account: Account) throws {
        do {
            try save(grant)
        } catch is SecretServiceError {
            throw CredentialFailure.grantNotSaved(service: account.service)
        }
    }
}
