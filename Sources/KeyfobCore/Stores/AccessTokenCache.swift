package import KernelKeyring
import SecretService
import Secrets

/// A cache of access tokens.
///
/// There are two real ones: the kernel keyring, and the `session` collection of the Secret Service if the kernel stores
/// no keys (as in containers). A lost token only costs a refresh, so no function throws.
package protocol AccessTokenCache: Sendable {
    /// The token of an account; nil if there is none or it has expired.
    func token(account: String) -> CachedAccessToken?
    /// Stores `token` until it expires. Returns whether that worked.
    func keep(_ token: CachedAccessToken, account: String, at now: Int64) -> Bool
    /// Deletes the token of an account.
    func remove(account: String)
}

/// Access tokens in the kernel keyring. The kernel deletes each one when it expires.
package struct KernelAccessTokenCache: AccessTokenCache {
    package init() {}

    package func token(account: String) -> CachedAccessToken? {
        KernelKeyring.existing()?.read(KeyNames.token(account: account)).flatMap { CachedAccessToken(payload: $0) }
    }

    package func keep(_ token: CachedAccessToken, account: String, at now: Int64) -> Bool {
        do {
            try KernelKeyring.open().write(
                KeyNames.token(account: account), token.payload, lifetime: Self.lifetime(of: token, at: now))
            return true
        } catch { return false }
    }

    package func remove(account: String) {
        KernelKeyring.existing()?.remove(KeyNames.token(account: account))
    }

    /// Whether the kernel would store a token: it has keyrings, this process may use them, and there is quota left. The test
    /// stores one byte for a second.
    package static var isUsable: Bool {
        guard let keyring = try? KernelKeyring.open() else { return false }
        return (try? keyring.write("probe", Secret([0]), lifetime: 1)) != nil
    }

    /// Deletes all access tokens and routes, for something that cannot be had again. Returns whether there were any.
    static func makeRoom() -> Bool {
        guard let keyring = KernelKeyring.existing() else { return false }
        let names = keyring.names().filter { name in
            KeyNames.expendable.contains { name.hasPrefix($0) }
        }
        for name in names { keyring.remove(name) }
        return !names.isEmpty
    }

    /// Stores `account` under the key `route`, so that a door can answer this request alone. The entry expires with the
    /// account's token; the next token brings a new entry.
    package func note(route: String, account: String, at now: Int64) {
        guard let token = token(account: account) else { return }
        try? KernelKeyring.open().write(route, Secret(account), lifetime: Self.lifetime(of: token, at: now))
    }

    /// In seconds, at least 1: for keyctl_set_timeout(3), 0 means for ever.
    private static func lifetime(of token: CachedAccessToken, at now: Int64) -> UInt32 {
        UInt32(clamping: max((token.expiresAt ?? token.freshUntil) - now, 1))
    }
}

/// Access tokens in the `session` collection of the Secret Service, which is in memory and ends with the session.
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
        _ = try? items.delete(GrantStore.schema, exactly: attributes(account), in: nil)
    }

    private func attributes(_ account: String) -> [String: String] {
        ["kind": "access-token", "service": "", "issuer": "", "id": account]
    }
}

/// The kernel keyring, or the `session` collection if the kernel stores no keys.
package struct TieredAccessTokenCache: AccessTokenCache {
    let first: any AccessTokenCache
    let second: any AccessTokenCache
    let firstIsUsable: @Sendable () -> Bool

    /// - Parameter firstIsUsable: whether `first` can store anything. If it can, `second` is not searched.
    package init(
        first: some AccessTokenCache, second: some AccessTokenCache, firstIsUsable: @escaping @Sendable () -> Bool
    ) {
        self.first = first
        self.second = second
        self.firstIsUsable = firstIsUsable
    }

    package func token(account: String) -> CachedAccessToken? {
        if let token = first.token(account: account) { return token }
        return firstIsUsable() ? nil : second.token(account: account)
    }

    package func keep(_ token: CachedAccessToken, account: String, at now: Int64) -> Bool {
        if first.keep(token, account: account, at: now) { return true }
        return second.keep(token, account: account, at: now)
    }

    package func remove(account: String) {
        first.remove(account: account)
        if !firstIsUsable() { second.remove(account: account) }
    }
}
