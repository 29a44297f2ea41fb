import CredentialProtocol
import KernelKeyring
import Secrets

/// The access tokens in the cache, and the rules by which they are given out.
struct CachedTokens: Sendable {
    let cache: any AccessTokenCache
    /// Seconds since 1970-01-01 UTC.
    let now: @Sendable () -> Int64

    /// The token of an account, if it stays valid for long enough: for the time in the request, or else the default. Never
    /// the token that the service has refused, by the request.
    func fresh(_ account: Account, for request: CredentialRequest) -> CachedAccessToken? {
        guard let token = cache.token(account: account.id), !token.isRefused(by: request) else { return nil }
        let isFresh = request.minTTL.map { token.hasLife(Int64($0), at: now()) } ?? token.isFresh(at: now())
        return isFresh ? token : nil
    }

    /// The token of an account, if the caller comes back because the service refused it.
    func refused(_ account: Account, by request: CredentialRequest) -> Secret? {
        cache.token(account: account.id).flatMap { $0.isRefused(by: request) ? $0.token : nil }
    }

    /// The token of an account, if it has any life left. If the keyring or the server gives no answer, this is better than
    /// no token. Never the token that the service has refused, by the request.
    ///
    /// - Parameter request: nil if the caller's refused token has been discarded already.
    func living(_ account: Account, for request: CredentialRequest? = nil) -> CachedAccessToken? {
        guard let token = cache.token(account: account.id), token.hasLife(1, at: now()) else { return nil }
        return request.map { token.isRefused(by: $0) } == true ? nil : token
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
            freshUntil: now + (life.map { $0 - margin + 1 } ?? assumed),
            serial: String(UInt64.random(in: .min ... .max), radix: 36))
        _ = cache.keep(cached, account: account.id, at: now)
        return cached
    }
}

extension CachedAccessToken {
    /// Whether the caller comes back because the service refused this token.
    func isRefused(by request: CredentialRequest) -> Bool {
        serial.map { $0 == TokenState(refusedIn: request)?.serial } ?? false
    }

    /// The token without the name that a remembered token has.
    var justIssued: CachedAccessToken {
        var token = self
        token.serial = nil
        return token
    }
}
