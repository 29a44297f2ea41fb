import Secrets
import Testing

@testable import OAuth

@Suite struct `Forms and queries` {
    @Test(arguments: [
        ("plain-._~09AZ", "plain-._~09AZ"), ("a b", "a%20b"), ("a+b&c=d", "a%2Bb%26c%3Dd"), ("ü", "%C3%BC"),
        ("a:b%/+", "a%3Ab%25%2F%2B"),
    ])
    func `escape all reserved characters`(text: String, encoded: String) {
        #expect(FormEncoding.encode(text) == encoded)
    }

    @Test func `are split into pairs in order`() throws {
        let pairs = try #require(FormEncoding.decode("a=1&b=x+y%20z&a=2&flag&e==&&"))
        #expect(pairs.map(\.name) == ["a", "b", "a", "flag", "e"])
        #expect(pairs.map(\.value) == ["1", "x y z", "2", "", "="])
    }

    @Test(arguments: ["a=%", "a=%4", "a=%GG", "a=%FF", "%C3=1"])
    func `are refused if an escape is broken or the result is not UTF-8`(text: String) {
        #expect(FormEncoding.decode(text) == nil)
    }
}

@Suite struct `A server's text` {
    @Test func `has one blank for several, so that it does not begin a line of its own`() {
        let padding = String(repeating: " \u{A0}\u{3000}", count: 40)
        #expect(ServerText.printable("bad\(padding)hint: run x \n") == "bad hint: run x \u{FFFD}")
    }

    private static let token = "rt_k9X2+mQ7/aB4=.Lw8zT1vN6yH3cR5"

    @Test(arguments: [
        "token rt_k9x2%2bmq7%2fab4%3d.lw8zt1vn6yh3cr5 is unknown", "bad rt_k9X2%252BmQ7%252FaB4%253D.Lw8zT1vN6yH3cR5",
        "bad rt_k9X2+mQ7/aB4", "ends in .Lw8zT1vN6yH3cR5", "RT_K9X2+MQ7/AB4=.LW8ZT1VN6YH3CR5",
        "rt_k9X2+mQ7\u{200B}/aB4=",
        "rt_k 9X2+ mQ7/ aB4=", "cnRfazlYMittUTcvYUI0PS5Mdzh6VDF2TjZ5SDNjUjU=",
        "Basic: Y2xpZW50OnJ0X2s5WDIrbVE3L2FCND0uTHc4elQx",
        "x eHJ0X2s5WDIrbVE3L2FCND0uTHc4elQxdk42eUgzY1I1", "72745f6b3958322b6d51372f6142343d",
        "&quot;rt_k9X2&#43;mQ7&#47;aB4&#61;.Lw8zT1vN6yH3cR5&quot;",
    ])
    func `repeats no part of a secret, and no other form of it`(_ text: String) {
        #expect(ServerText.printable(text, without: [Secret(Self.token)]) == "<secret>")
    }

    @Test(arguments: [
        "refresh token is unknown", "the token refresh_token_of_alice is not valid here", "error 20261130",
    ])
    func `keeps words that a secret has by chance`(_ text: String) {
        #expect(ServerText.printable(text, without: [Secret("refresh_token-x7"), Secret(Self.token)]) == text)
    }

    @Test func `repeats no secret, even before a combining mark`() {
        let text = ServerText.printable("bad secret-word\u{301}, or secret-word", without: [Secret("secret-word")])
        #expect(!text.utf8.elementsEqual("".utf8))
        #expect(Array(text.utf8).firstRange(of: Array("secret-word".utf8)) == nil, "\(text)")
    }
}

@Suite struct `Retry-After` {
    @Test(arguments: [
        ("0", 0), ("120", 120), ("99999999", 3_600),
        // RFC 9110 section 5.6.7 has this date; 784111777 is its time in seconds.
        ("Sun, 06 Nov 1994 08:49:37 GMT", 60), ("Sun, 06 Nov 1994 08:48:00 GMT", 0), ("1.5", 2),
        ("99999999999999999999999", 3_600),
    ])
    func `is seconds or a date`(value: String, seconds: Int) {
        #expect(RetryAfter.seconds(value, now: 784_111_717) == seconds)
    }

    @Test(arguments: [
        "", "-1", "+1", "soon", "nan", "0x10", "1 s", ".5", "Sunday, 06-Nov-94 08:49:37 GMT",
        "Sun, 06 Nov 1994 08:49:37 CET",
        "Sun, 66 Nov 1994 08:49:37 GMT",
    ])
    func `is nil if it is neither`(value: String) {
        #expect(RetryAfter.seconds(value, now: 784_111_717) == nil)
    }
}
