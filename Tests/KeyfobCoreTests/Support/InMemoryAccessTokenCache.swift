import KernelKeyring
import KeyfobCore
import Secrets
import Synchronization

/// A cache that deletes each access token when it expires, as the kernel does. It stores encoded tokens, so that each
/// token that is read was written and parsed.
final class InMemoryAccessTokenCache: AccessTokenCache {
    private let payloads = Mutex<[String: (payload: Secret, end: Int64)]>([:])
    private let now: @Sendable () -> Int64
    private let isUsable: Bool

    /// - Parameters:
    ///   - isUsable: false keeps nothing, as a kernel without keyrings.
    ///   - now: seconds since 1970-01-01 UTC.
    init(isUsable: Bool = true, now: @escaping @Sendable () -> Int64) {
        self.isUsable = isUsable
        self.now = now
    }

    func token(account: String) -> CachedAccessToken? {
        let now = now()
        let payload = payloads.withLock { payloads in
            payloads[account].flatMap { $0.end > now ? $0.payload : nil }
        }
        return payload.flatMap { CachedAccessToken(payload: $0) }
    }

    func keep(_ token: CachedAccessToken, account: String, at now: Int64) -> Bool {
        guard isUsable else { return false }
        payloads.withLock { $0[account] = (token.payload, token.expiresAt ?? token.freshUntil) }
        return true
    }

    func remove(account: String) {
        payloads.withLock { $0[account] = nil }
    }
}

/// A clock that moves only if the test advances it.
final class TestClock: Sendable {
    private let seconds: Mutex<Int64>

    init(_ start: Int64 = 1_800_000_000) {
        seconds = Mutex(start)
    }

    var now: Int64 { seconds.withLock { $0 } }

    func advance(_ by: Int64) { seconds.withLock { $0 += by } }
}
