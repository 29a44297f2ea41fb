package import KernelKeyring
import Secrets
import SecretService

/// Where access tokens live until they expire.
///
/// Two live conformers: kernel memory, and the Secret Service's in-memory `session` collection for where the kernel
/// refuses (containers). Losing a cached token costs a refresh and nothing else, so nothing here throws.
package protocol AccessTokenCache: Sendable {
    /// The token of an account; nil where there is none or it has expired.
    func token(account: String) -> CachedAccessToken?
    /// Keeps `token` until its end; whether it could.
    func keep(_ token: CachedAccessToken, account: String, at now: Int64) -> Bool
    /// Forgets the token of an account.
    func remove(account: String)
}

/// Access tokens in the kernel keyring, each with the kernel's own timeout.
package struct KernelAccessTokenCache: AccessTokenCache {
    package init() {}

    package func token(account: String) -> CachedAccessToken? {
        KernelKeyring.existing()?.read(KeyNames.token(account: account)).flatMap { CachedAccessToken(payload: $0) }
    }

    package func keep(_ token: CachedAccessToken, account: String, at now: Int64) -> Bool {
        let seconds = UInt32(clamping: max((token.expiresAt ?? token.freshUntil) - now, 1))
        do {
            try KernelKeyring.open().write(KeyNames.token(account: account), token.payload, lifetime: seconds)
            return true
        } catch { return false }
    }

    package func remove(account: String) {
        KernelKeyring.existing()?.remove(KeyNames.token(account: account))
    }

    /// Notes that the question named `route` is answered by `account`, so that the door for git can answer it alone.
    package func note(route: String, account: String) {
        let day: UInt32 = 86_400  // a route names no token; it may outlive many
        try? KernelKeyring.open().write(route, .init(account), lifetime: day)
    }
}

/// Access tokens in the `session` collection of the Secret Service: in memory, gone with the session.
package struct SessionAccessTokenCache: AccessTokenCache {
    let items: any ItemStore

    package init(items: some ItemStore) {
        self.items = items
    }

    package func token(account: String) -> CachedAccessToken? {
        let found = try? items.search(GrantStore.schema, matching: attributes(account))
        return found?.first.flatMap { CachedAccessToken(payload: $0.secret) }
    }

    package func keep(_ token: CachedAccessToken, account: String, at now: Int64) -> Bool {
        do {
            try items.store(
                GrantStore.schema, attributes: attributes(account), label: "keyfob: access token",
                secret: token.payload, in: .session)
            return true
        } catch { return false }
    }

    package func remove(account: String) {
        _ = try? items.delete(GrantStore.schema, exactly: attributes(account))
    }

    private func attributes(_ account: String) -> [String: String] {
        ["kind": "access-token", "service": "", "issuer": "", "id": account]
    }
}

/// Kernel memory first; where it refuses to keep a token, the `session` collection.
package struct TieredAccessTokenCache: AccessTokenCache {
    let first: any AccessTokenCache
    let second: any AccessTokenCache

    package init(first: some AccessTokenCache, second: some AccessTokenCache) {
        self.first = first
        self.second = second
    }

    package func token(account: String) -> CachedAccessToken? {
        first.token(account: account) ?? second.token(account: account)
    }

    package func keep(_ token: CachedAccessToken, account: String, at now: Int64) -> Bool {
        first.keep(token, account: account, at: now) || second.keep(token, account: account, at: now)
    }

    package func remove(account: String) {
        first.remove(account: account)
        second.remove(account: account)
    }
}
