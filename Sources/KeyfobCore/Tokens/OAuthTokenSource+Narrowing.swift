import CredentialProtocol
import KernelKeyring
import OAuth
import SecretService
import Secrets

/// Access tokens with fewer scopes than the grant, for callers that the user trusts with less.
extension OAuthTokenSource {
    /// A token with at most the scopes in the request (``CredentialRequest/onlyScopes``). No cache has it, because the other
    /// callers of the account need all scopes.
    ///
    /// - Throws: ``CredentialFailure/notNarrowed(service:scopes:)`` if the server gives no such token. A wider token is never
    ///   returned instead.
    func narrowedToken(
        of account: Account, for request: CredentialRequest, _ isLogin: Bool
    ) async throws -> CachedAccessToken {
        let stored = try settledGrant(of: account).get()
        // Nothing to ask the user: one refresh is enough.
        if let stored, stored.refreshToken != nil, request.scope.isEmpty, request.stepUp == nil {
            do {
                if let token = try await narrowed(account, request.onlyScopes) { return token }
            } catch let error as OAuthError where error.endsRefreshToken {
                // The way with the user takes that down, and signs in again.
            }
        }
        var whole = request
        whole.onlyScopes = []
        let token = try await token(of: account, for: whole, isLogin: isLogin)
        var account = account
        if stored == nil, try grants.grant(account: account.id) == nil,
            case .account(let meant) = try grants.meaning(of: account)
        {
            account = meant
        }
        return try await narrowed(account, request.onlyScopes) ?? token
    }

    /// The token of a refresh; nil if the grant has no other scopes, so that any token of it will do.
    private func narrowed(_ account: Account, _ scopes: [String]) async throws -> CachedAccessToken? {
        try await holdingLock(of: account, mayAsk: false) { held in
            guard let grant = try settledGrant(of: account).get() else {
                throw CredentialFailure.needsSignIn(account, because: .noGrant)
            }
            let failure = CredentialFailure.notNarrowed(service: account.service, scopes: scopes)
            // Without any word about scopes, nobody knows what a token may do.
            let wanted = grant.scopes.isEmpty ? scopes : grant.scopes.filter(scopes.contains)
            if !wanted.isEmpty, wanted == grant.scopes { return nil }
            guard !wanted.isEmpty, let refreshToken = grant.refreshToken else { throw failure }
            // Many servers end the access token before a refresh.
            tokens.cache.remove(account: account.id)
            let response = try await refresh.response(to: grant, refreshToken, scopes: wanted, of: account, held)
            // An answer without scopes has the requested ones (RFC 6749 section 5.1).
            guard (response.scope ?? wanted).allSatisfy(scopes.contains) else { throw failure }
            return token(in: response, account)
        }
    }

    private func token(in response: TokenResponse, _ account: Account) -> CachedAccessToken {
        let life = response.expiresIn.flatMap { $0 > 0 ? Int64($0) : nil }
        let now = tokens.now()
        return CachedAccessToken(
            token: response.accessToken, username: account.username, expiresAt: life.map { now + $0 }, lifetime: life,
            freshUntil: now)
    }
}
