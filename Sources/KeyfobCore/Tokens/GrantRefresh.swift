import Addresses
import KernelKeyring
import OAuth
import Processes
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
            return .signInNeeded(grant.reasonWithoutRefreshToken, after: grant)
        }
        do {
            return .token(try await refresh(grant, refreshToken, of: account, held))
        } catch let error as OAuthError where error.endsRefreshToken {
            return try await afterDeadToken(grant, error, of: account, held)
        } catch let error as OAuthError where error.isTransient {
            if let token = tokens.living(account) { return .token(token) }
            throw error.mayStayForEver
                ? CredentialFailure.refreshFailed(service: account.service, account: account.name, by: error) : error
        } catch let error as OAuthError where error.isAnswer {
            return try afterRefusal(grant, error, of: account)
        }
    }

    /// Sends `refreshToken` to the server and stores the new one. If that cannot be stored, it is lost; but the grant was
    /// read a moment ago under the lock, so its collection exists and is unlocked. A Ctrl-C, which also reaches keyfob if
    /// git is interrupted, waits until the new one is stored: the server may have replaced the old one already.
    private func refresh(
        _ grant: Grant, _ refreshToken: Secret, of account: Account, _ held: AccountLock.Held
    ) async throws -> CachedAccessToken {
        let response = try await response(to: grant, refreshToken, of: account, held)
        return tokens.keep(response.accessToken, lifetime: response.expiresIn, refreshable: true, of: account)
            .justIssued
    }

    /// The same for the server's response, whose access token is in no cache.
    ///
    /// - Parameter scopes: the only scopes of the access token; empty for all of the grant's.
    func response(
        to grant: Grant, _ refreshToken: Secret, scopes: [String] = [], of account: Account, _ held: AccountLock.Held
    ) async throws -> TokenResponse {
        try grants.ensureRoom(for: grant)
        let endpoint = TokenEndpoint(
            url: try EndpointURL(grant.tokenEndpoint), client: grant.client(for: account), transport: transport(account)
        )
        return try await HeldSignals.hold {
            let answer = try await Self.answer(held) { () throws(OAuthError) in
                try await endpoint.refresh(refreshToken, scopes: scopes, resource: grant.resource)
            }
            return try keep(answer, isNarrow: !scopes.isEmpty, to: grant, refreshToken, of: account, held)
        }
    }

    /// Stores what the server answered to the refresh of `grant`.
    ///
    /// - Parameter isNarrow: whether the access token has only some of the grant's scopes. The new refresh token still has all
    ///   of them (RFC 6749 section 6).
    private func keep(
        _ answer: TokenRefresh, isNarrow: Bool, to grant: Grant, _ refreshToken: Secret, of account: Account,
        _ held: AccountLock.Held
    ) throws -> TokenResponse {
        var renewed = grant
        renewed.refreshToken = answer.refreshToken ?? refreshToken
        renewed.client.authentication = answer.authentication
        if case .success = answer.response { renewed.isFirstOfClient = false }
        if !isNarrow { renewed.scopes = (try? answer.response.get().scope) ?? grant.scopes }
        if renewed != grant { try grants.save(renewed, for: account, replacing: true) }
        held.answerIsKept()
        return try answer.response.get()
    }

    /// Runs `refresh`, and once more if the answer was lost on the way: servers that replace refresh tokens accept the
    /// previous one for a while, for this case.
    private static func answer(
        _ held: AccountLock.Held, _ refresh: () async throws(OAuthError) -> TokenRefresh
    ) async throws(OAuthError) -> TokenRefresh {
        func isLost(_ error: OAuthError) -> Bool {
            switch error {
            case .answerLost, .notHTTP, .timedOut: true
            default: false
            }
        }
        do {
            return try await held.refreshing(isLost: isLost, isShared: \.isTransient, refresh)
        } catch {
            guard case .answerLost = error else { throw error }
        }
        return try await held.refreshing(isLost: isLost, isShared: \.isTransient, refresh)
    }

    /// Ends the grant whose refresh token is dead, but only if the keyring still has the refresh token that was sent.
    private func afterDeadToken(
        _ sent: Grant, _ error: OAuthError, of account: Account, _ held: AccountLock.Held
    ) async throws -> Outcome {
        let stored = try grants.settledGrant(account: account.id)
        if let newer = stored?.refreshToken, newer != sent.refreshToken {
            return try await token(of: account, from: .success(stored), held)
        }
        try end(sent)
        let description: String? = if case .refused(_, _, _, let description) = error { description } else { nil }
        return .signInNeeded(held.answerIsLost ? .answerLost : .grantRefused(description: description), after: sent)
    }

    /// Keeps the refresh token, because no error says that it is dead, and asks for a sign-in: many servers refuse a dead
    /// token in words of their own, and a sign-in shows any other cause.
    ///
    /// - After `invalid_client`, a sign-in registers keyfob again, but not twice in a row. Until it has worked, the grant and the registration stay:
    ///   an answer about the client says nothing about the refresh token, and servers also give it by mistake.
    /// - After `invalid_target`, keyfob does not refresh without the resource. The server has just said that it gives no
    ///   token for the service, so a token without a resource may be for something else. The service, which would get it,
    ///   could use it there (RFC 8707 section 2.2 and section 3). Only the user can decide that.
    private func afterRefusal(_ grant: Grant, _ error: OAuthError, of account: Account) throws -> Outcome {
        if error.refusesResource, let resource = grant.resource {
            return .signInNeeded(.resourceRefused(resource), after: grant)
        }
        let issuer = grant.issuer ?? account.server.identifier
        guard error.refusesClient, !error.isUnauthorizedClient, account.client == nil, !grant.isFirstOfClient,
            try clients.mayReplace(grant.client, issuer: issuer)
        else { return .signInNeeded(.refreshRefused(by: error), after: grant) }
        return .signInNeeded(.clientForgotten, after: grant)
    }

    /// Deletes the tokens of a grant that the server no longer accepts. The rest stays, as the record of the account.
    private func end(_ grant: Grant) throws {
        var ended = grant
        ended.refreshToken = nil
        ended.endedAt = tokens.now()
        try grants.save(ended, replacing: true)
        tokens.cache.remove(account: grant.account)
    }
}

extension OAuthError {
    /// Whether the client may do less than it asks for (RFC 6749 section 5.2). The same registration again has no more rights.
    fileprivate var isUnauthorizedClient: Bool {
        if case .refused(_, _, error: "unauthorized_client", _) = self { true } else { false }
    }
}

extension Grant {
    /// The client that the grant was given to. If the configuration has a secret for it, that is the newer one. The grant
    /// knows in which form the server accepts a secret.
    func client(for account: Account?) -> Client {
        guard let account else { return client }
        var newest = client
        if let configured = account.client, configured.id.isSame(as: client.id), let secret = configured.secret {
            newest = Client(
                id: client.id, secret: secret,
                authentication: client.secret == nil ? configured.authentication : client.authentication)
        }
        return account.authenticating(newest)
    }
}

extension GrantStore {
    /// Stores `grant`.
    ///
    /// - Parameter replacing: as in ``save(_:replacing:)``.
    /// - Throws: ``CredentialFailure/grantNotSaved(service:by:)`` if the keyring refuses.
    func save(_ grant: Grant, for account: Account, replacing: Bool = false) throws {
        do {
            try save(grant, replacing: replacing)
        } catch let error as SecretServiceError {
            throw CredentialFailure.grantNotSaved(service: account.service, by: error)
        }
    }
}
