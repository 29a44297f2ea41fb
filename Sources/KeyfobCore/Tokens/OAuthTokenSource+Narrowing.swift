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
        var whole = request
        whole.onlyScopes = []
        // The user may have to sign in first.
        let token = try await token(of: account, for: whole, isLogin: isLogin)
        var account = account
        if try grants.grant(account: account.id) == nil, case .account(let meant) = try grants.meaning(of: account) {
            account = meant
        }
        return try await holdingLock(of: account, mayAsk: false) { held in
            guard let grant = try settledGrant(of: account).get() else {
                throw CredentialFailure.needsSignIn(account, because: .noGrant)
            }
            return try await narrowed(token, of: grant, request.onlyScopes, account, held)
        }
    }

    private func narrowed(
        _ token: CachedAccessToken, of grant: Grant, _ scopes: [String], _ account: Account, _ held: AccountLock.Held
    ) async throws -> CachedAccessToken {
        let failure = CredentialFailure.notNarrowed(service: account.service, scopes: scopes)
        // Without any word about scopes, nobody knows what a token may do.
        let wanted = grant.scopes.isEmpty ? scopes : grant.scopes.filter(scopes.contains)
        guard !wanted.isEmpty else { throw failure }
        if wanted == grant.scopes { return token }
        guard let refreshToken = grant.refreshToken else { throw failure }
        let response = try await refresh.response(to: grant, refreshToken, scopes: wanted, of: account, held)
        // An answer without scopes has the requested ones (RFC 6749 section 5.1).
        guard (response.scope ?? wanted).allSatisfy(scopes.contains) else { throw failure }
        let life = response.expiresIn.flatMap { $0 > 0 ? Int64($0) : nil }
        let now = tokens.now()
        return CachedAccessToken(
            token: response.accessToken, username: account.username, expiresAt: life.map { now + $0 }, lifetime: life,
            freshUntil: now)
    }
}
