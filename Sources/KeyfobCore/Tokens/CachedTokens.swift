import CredentialProtocol
import KernelKeyring
import Secrets

/// The access tokens in the cache, and the rules by which they are given out.
struct CachedTokens: Sendable {
    let cache: any AccessTokenCache
    /// Seconds since 1970-01-01 UTC.
    let now: @Sendable () -> Int64

    /// The token of an account, if it stays valid for long enough: for the time in the request, or else the default.
    func fresh(_ account: Account, for request: CredentialRequest) -> CachedAccessToken? {
        guard let token = cache.token(account: account.id) else { return nil }
        let isFresh = request.minTTL.map { token.hasLife(Int64($0), at: now()) } ?? token.isFresh(at: now())
        return isFresh ? token : nil
    }

    /// The token of an account, if it has any life left. If the keyring or the server gives no answer, this is better than
    /// no token.
    func living(_ account: Account) -> CachedAccessToken? {
        cache.token(account: account.id).flatMap { $0.hasLife(1, at: now()) ? $0 : nil }
    }

    /// Puts an access token into the cache.
    ///
    /// - Parameters:
    ///   - lifetime: in seconds; nil if the server did not say. Then a token with a refresh token counts for five minutes,
    ///     and one without for a day. After 0 or less, the next caller gets another token if there is a refresh token; one
    ///     without counts as if the server did not say.
    ///   - refreshable: whether there is a refresh token.
    func keep(_ token: Secret, lifetime: Int?, refreshable: Bool, of account: Account) -> CachedAccessToken {
        let now = now()
        let life = lifetime.flatMap { $0 > 0 ? Int64($0) : nil }
        let assumed: Int64 = !refreshable ? 86_400 : lifetime == nil ? 300 : 0
        let margin = life.map { max(min(refreshable ? account.minTTL : 60, $0 / 2), 1) } ?? 0
        let cached = CachedAccessToken(
            token: token, username: account.username, expiresAt: life.map { now + $0 }, lifetime: life,
            // In its last fresh second the token still has the whole margin.
            freshUntil: now + (life.map { $0 - margin + 1 } ?? assumed))
        _ = cache.keep(cached, account: account.id, at: now)
        return cached
    }
}
