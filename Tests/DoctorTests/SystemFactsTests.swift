import Testing

@testable import Doctor

/// The kernel's statements about keys, and the servers' about the time.
@Suite struct `Facts of the system` {
    @Test func `the quota of keys is read from the line of the user`() throws {
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
    func `a quota is nearly used up if less than a fifth is left`(_ keys: String, _ bytes: String, _ isIt: Bool) {
        #expect(KeyQuota("5: 2 2/2 \(keys) \(bytes)", user: 5)?.isNearlyUsedUp == isIt)
    }

    @Test(arguments: [
        "", "5:", "5: 2 2/2 7 8", "5: 2 2/2 7/x 8/9", "5: 2 2/2 -1/2 8/9", "5: 2 2/2 9999999999999999/2 8/9",
    ])
    func `a quota that cannot be read is ignored`(_ text: String) {
        #expect(KeyQuota(text, user: 5) == nil)
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

    @Test func `the skew is this machine's time minus the server's`() {
        let date = "Sun, 06 Nov 1994 00:00:00 GMT"
        #expect(ClockSkew(date: date, age: nil, now: Self.noon + 90)?.seconds == 90)
        #expect(ClockSkew(date: date, age: nil, now: Self.noon - 90)?.seconds == -90)
    }

    @Test func `a response without a date, or from a cache, tells no time`() {
        #expect(ClockSkew(date: nil, age: nil, now: 0) == nil)
        #expect(ClockSkew(date: "yesterday", age: nil, now: 0) == nil)
        #expect(ClockSkew(date: "Sun, 06 Nov 1994 00:00:00 GMT", age: "30", now: 0) == nil)
    }
}
