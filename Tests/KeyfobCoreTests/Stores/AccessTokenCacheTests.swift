import KernelKeyring
import SecretService
import Secrets
import TestSupport
import Testing

@testable import KeyfobCore

/// The behaviour that every cache of access tokens must have.
@Suite struct `A cache of access tokens` {
    private static let clock = TestClock()

    private static func token(_ text: String) -> CachedAccessToken {
        CachedAccessToken(
            token: Secret(text), username: "u", expiresAt: clock.now + 60, lifetime: 60, freshUntil: clock.now + 30)
    }

    private static func caches() -> [any AccessTokenCache] {
        let memory = InMemoryAccessTokenCache { clock.now }
        let none = InMemoryAccessTokenCache(isUsable: false) { clock.now }
        return [
            memory, SessionAccessTokenCache(items: InMemoryItemStore()),
            TieredAccessTokenCache(first: InMemoryAccessTokenCache { clock.now }, second: none) { true },
            TieredAccessTokenCache(first: none, second: SessionAccessTokenCache(items: InMemoryItemStore())) { false },
        ]
    }

    @Test func `keeps one token for each account until it is removed`() {
        for cache in Self.caches() {
            #expect(cache.token(account: "a") == nil)
            #expect(cache.keep(Self.token("1"), account: "a", at: Self.clock.now))
            #expect(cache.keep(Self.token("2"), account: "b", at: Self.clock.now))
            #expect(cache.keep(Self.token("3"), account: "a", at: Self.clock.now))
            #expect(cache.token(account: "a") == Self.token("3"))
            #expect(cache.token(account: "b") == Self.token("2"))
            cache.remove(account: "a")
            cache.remove(account: "a")
            #expect(cache.token(account: "a") == nil)
            #expect(cache.token(account: "b") == Self.token("2"))
        }
    }

    @Test func `stores session tokens only in the provider's memory, and apart from grants`() throws {
        let items = InMemoryItemStore()
        let cache = SessionAccessTokenCache(items: items)
        #expect(cache.keep(Self.token("1"), account: "a", at: Self.clock.now))
        #expect(items.sessionItems.count == 1 && items.items.count == 1)
        #expect(try GrantStore(items: items).all().isEmpty)
        #expect(try GrantStore(items: items).grant(account: "a") == nil)
    }

    @Test func `stores nothing if there is no collection in memory, and never a token on disk`() {
        let items = InMemoryItemStore()
        items.removeSessionCollection()
        let cache = SessionAccessTokenCache(items: items)
        #expect(!cache.keep(Self.token("1"), account: "a", at: Self.clock.now))
        #expect(cache.token(account: "a") == nil)
        #expect(items.items.isEmpty)
    }

    @Test func `does not search the second cache if the first one works`() {
        let items = InMemoryItemStore()
        let second = SessionAccessTokenCache(items: items)
        #expect(second.keep(Self.token("1"), account: "a", at: Self.clock.now))
        let tiered = TieredAccessTokenCache(first: InMemoryAccessTokenCache { Self.clock.now }, second: second) { true }
        #expect(tiered.token(account: "a") == nil)
        #expect(tiered.keep(Self.token("2"), account: "a", at: Self.clock.now))
        #expect(items.items.map(\.secret) == [Self.token("1").payload])
    }
}
