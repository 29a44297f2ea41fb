import KernelKeyring
import Secrets
import Testing

@Suite struct `An access token in kernel memory` {
    static let tokens: [CachedAccessToken] = [
        CachedAccessToken(token: Secret("t"), username: nil, expiresAt: nil, lifetime: nil, freshUntil: 5),
        CachedAccessToken(
            token: Secret("a.b-c_d~e+f/g="), username: "oauth2", expiresAt: 1_900_000_000, lifetime: 3600,
            freshUntil: 1_899_999_700),
        CachedAccessToken(token: Secret("t"), username: "", expiresAt: 0, lifetime: 0, freshUntil: -1, serial: "1z"),
        CachedAccessToken(
            token: Secret("="), username: "a=b \u{FC}", expiresAt: .max, lifetime: .max, freshUntil: .min),
    ]

    @Test(arguments: tokens)
    func `is read as it was written`(_ token: CachedAccessToken) {
        #expect(CachedAccessToken(payload: token.payload) == token)
    }

    @Test func `has one line for each name and value`() {
        let token = CachedAccessToken(
            token: Secret("t"), username: "u", expiresAt: 9, lifetime: 7, freshUntil: 8, serial: "s")
        let lines = ["fresh_until=8", "expires_at=9", "lifetime=7", "username=u", "serial=s", "token=t", ""]
        #expect(token.payload.exposedText == lines.joined(separator: "\n"))
    }

    @Test(arguments: [
        "", "\n", "token=t\n", "fresh_until=5\n", "fresh_until=5\ntoken=\n", "fresh_until=5\ntoken\n", "\u{0}",
        // Invalid or too large numbers
        "fresh_until=\ntoken=t\n", "fresh_until=soon\ntoken=t\n", "fresh_until=9223372036854775808\ntoken=t\n",
        "fresh_until=5\nexpires_at=soon\ntoken=t\n", "fresh_until=5\nlifetime=0x10\ntoken=t\n",
        "fresh_until=+5\ntoken=t\n", "fresh_until=05\ntoken=t\n", "fresh_until=-0\ntoken=t\n",
        // Truncated, and longer than what was written
        "fresh_until=5\ntoken=t", "fresh_until=5\ntoken=t\n\n", "fresh_until=5\n\ntoken=t\n",
        // Repeated and unknown members
        "fresh_until=5\nfresh_until=6\ntoken=t\n", "fresh_until=5\ntoken=t\ntoken=u\n",
        "fresh_until=5\nexpires_at=6\nexpires_at=7\ntoken=t\n", "fresh_until=5\nhost=evil.example\ntoken=t\n",
        "fresh_until=5\n=\ntoken=t\n",
    ])
    func `is not read from other data`(_ payload: String) {
        #expect(CachedAccessToken(payload: Secret(payload)) == nil)
    }

    @Test func `has no user name that would form a line`() {
        let token = CachedAccessToken(
            token: Secret("t"), username: "u\nexpires_at=9", expiresAt: nil, lifetime: nil, freshUntil: 5)
        #expect(CachedAccessToken(payload: token.payload) == nil)
    }

    @Test(
        arguments: [
            // Remaining lifetime, whole lifetime, required lifetime, and whether it is fresh
            (300, 3600, 300, true), (299, 3600, 300, false), (1800, 3600, 9999, true), (1799, 3600, 9999, false),
            (60, 120, 300, true), (59, 120, 300, false), (1, 3600, 0, true), (0, 3600, 0, false), (-1, 3600, 0, false),
            (1, 1, 300, true), (0, 1, 300, false),
            // With an unknown whole lifetime, the half does not count
            (300, nil, 300, true), (299, nil, 300, false),
        ] as [(Int64, Int64?, Int64, Bool)])
    func `is fresh if the required time or half of its whole lifetime remains`(
        _ left: Int64, _ lifetime: Int64?, _ wanted: Int64, _ hasLife: Bool
    ) {
        let token = CachedAccessToken(
            token: Secret("t"), username: nil, expiresAt: 1000 + left, lifetime: lifetime, freshUntil: 0)
        #expect(token.hasLife(wanted, at: 1000) == hasLife)
    }

    @Test func `is not fresh if its expiry is before all times`() {
        let token = CachedAccessToken(
            token: Secret("t"), username: nil, expiresAt: .min, lifetime: nil, freshUntil: .min)
        #expect(!token.hasLife(300, at: 1000))
        #expect(!token.isFresh(at: 1000))
    }

    @Test(arguments: [(999, true), (1000, false), (1001, false)] as [(Int64, Bool)])
    func `without a known expiry is fresh for a fixed time`(_ now: Int64, _ isFresh: Bool) {
        let token = CachedAccessToken(
            token: Secret("t"), username: nil, expiresAt: nil, lifetime: nil, freshUntil: 1000)
        #expect(token.isFresh(at: now) == isFresh)
        #expect(token.hasLife(86_400, at: now) == isFresh)
    }
}
