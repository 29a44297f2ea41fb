import Testing

@testable import KeyfobCore

/// What the kernel, git and servers say about themselves.
@Suite struct `Facts of the system` {
    @Test func `the quota of keys is that of the user`() throws {
        let text = "    0:    16 15/15 10/1000000 326/25000000\n 1000:    12 11/11 7/200 312/20000\n"
        let quota = try #require(KeyQuota(text, user: 1000))
        #expect((quota.keys, quota.maximumKeys, quota.bytes, quota.maximumBytes) == (7, 200, 312, 20_000))
        #expect(KeyQuota(text, user: 0)?.maximumKeys == 1_000_000)
        #expect(KeyQuota(text, user: 100) == nil)
    }

    @Test(
        arguments: [
            ("160/200", "0/20000", false), ("161/200", "0/20000", true), ("0/200", "16000/20000", false),
            ("0/200", "16001/20000", true),
        ])
    func `a quota of which less than a fifth is left is nearly used up`(_ keys: String, _ bytes: String, _ isIt: Bool) {
        #expect(KeyQuota("5: 2 2/2 \(keys) \(bytes)", user: 5)?.isNearlyUsedUp == isIt)
    }

    @Test(arguments: [
        "", "5:", "5: 2 2/2 7 8", "5: 2 2/2 7/x 8/9", "5: 2 2/2 -1/2 8/9", "5: 2 2/2 9999999999999999/2 8/9",
    ])
    func `a quota that cannot be read is none`(_ text: String) {
        #expect(KeyQuota(text, user: 5) == nil)
    }

    @Test func `the holder of a lock is found by device and inode, and nobody who waits`() {
        let holders = LockHolders(
            """
            1: POSIX  ADVISORY  WRITE 7 00:2e:1 0 EOF
            2: FLOCK  ADVISORY  WRITE 1234 00:2e:4711 0 EOF
            2: -> FLOCK  ADVISORY  WRITE 99 00:2e:4711 0 EOF
            3: FLOCK  ADVISORY  READ x 00:2e:12 0 EOF
            """)
        #expect(holders.holder(device: 0x2E, inode: 4711) == 1234)
        #expect(holders.holder(device: 0x2F, inode: 4711) == nil)
        #expect(holders.holder(device: 0x2E, inode: 1) == nil)
        #expect(holders.holder(device: 0x2E, inode: 12) == nil)
        // Of large numbers some bits stand elsewhere (makedev(3)).
        #expect(LockHolders("1: FLOCK ADVISORY WRITE 5 103:fe001:7 0 EOF").holder(device: 0xFE010301, inode: 7) == 5)
    }

    @Test(
        arguments: [
            ("git version 2.39.5\n", GitVersion(2, 39)), ("git version 2.41.0.windows.1", GitVersion(2, 41)),
            ("git version 3.0.rc1 (Apple Git-1)", GitVersion(3, 0)), ("git 2.39", nil),
            ("hub version 2.39", nil), ("git version x.y", nil),
            ("", nil),
        ] as [(String, GitVersion?)])
    func `git's version`(_ text: String, _ version: GitVersion?) {
        #expect(GitVersion(text) == version)
    }

    @Test func `versions are compared by numbers`() {
        #expect(GitVersion(2, 9) < GitVersion(2, 41) && GitVersion(2, 46) < GitVersion(3, 0))
        #expect(!(GitVersion(2, 41) < .tellsChallenges) && GitVersion(2, 40) < .tellsChallenges)
    }

    static let noon: Int64 = 784_080_000  // Sun, 06 Nov 1994 00:00:00 GMT

    @Test(
        arguments: [
            (0, .close), (60, .close), (-60, .close), (61, .off), (-300, .off), (301, .wrong), (-86_400, .wrong),
            (Int64.min, .wrong),
        ] as [(Int64, ClockSkew.Verdict)])
    func `a clock is close, off or wrong`(_ seconds: Int64, _ verdict: ClockSkew.Verdict) {
        #expect(ClockSkew(date: "Thu, 01 Jan 1970 00:00:00 GMT", age: nil, now: seconds)?.verdict == verdict)
    }

    @Test func `the skew is this machine's time less the server's`() {
        let date = "Sun, 06 Nov 1994 00:00:00 GMT"
        #expect(ClockSkew(date: date, age: nil, now: Self.noon + 90)?.seconds == 90)
        #expect(ClockSkew(date: date, age: nil, now: Self.noon - 90)?.seconds == -90)
    }

    @Test func `an answer without a date, or out of a cache, tells no time`() {
        #expect(ClockSkew(date: nil, age: nil, now: 0) == nil)
        #expect(ClockSkew(date: "yesterday", age: nil, now: 0) == nil)
        #expect(ClockSkew(date: "Sun, 06 Nov 1994 00:00:00 GMT", age: "30", now: 0) == nil)
    }
}
