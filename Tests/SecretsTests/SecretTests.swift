import Secrets
import Testing

@Suite struct `A secret` {
    private static let text = "s3cr3t-t0k3n"

    /// A type that holds secrets, like most values that reach a log.
    private struct Holder {
        var secret = Secret(text)
        var optional: Secret? = Secret(text)
        var list = [Secret(text)]
        var named = ["key": Secret(text)]
    }

    private enum Failure: Error { case refused(Secret) }

    private static func dumped(_ value: Any) -> String {
        var output = ""
        dump(value, to: &output)
        return output
    }

    @Test func `never prints its bytes, in any way that Swift can print`() {
        let secret = Secret(Self.text)
        let printed: [String] = [
            "\(secret)", secret.description, secret.debugDescription, String(describing: secret),
            String(reflecting: secret), Self.dumped(secret),
        ]
        for words in printed { #expect(!words.contains("s3cr3t") && words.contains("<secret>")) }
    }

    @Test func `never prints its bytes within another value`() {
        let secret = Secret(Self.text)
        let printed: [String] = [
            "\([secret])", "\(["key": secret])", "\(String(describing: Optional(secret)))", "\((secret, 1))",
            "\(Holder())", String(reflecting: Holder()), Self.dumped(Holder()), Self.dumped([secret]),
            "\(Failure.refused(secret))", String(reflecting: Failure.refused(secret)),
            "\(Result<Int, Failure>.failure(.refused(secret)))", "\(["key": Optional(secret)])",
        ]
        for words in printed { #expect(!words.contains("s3cr3t") && words.contains("<secret>")) }
    }

    @Test func `has an empty mirror`() {
        #expect(Mirror(reflecting: Secret(Self.text)).children.isEmpty)
        #expect(Mirror(reflecting: Secret(Self.text)).superclassMirror == nil)
    }

    @Test func `prints the same if it is empty`() {
        #expect("\(Secret(""))" == "\(Secret(Self.text))")
        #expect(Secret("").debugDescription == Secret(Self.text).debugDescription)
    }

    @Test(arguments: [
        ("", "", true), ("a", "a", true), ("\u{0}", "\u{0}", true),
        // Differences in length, at the start and at the end
        ("a", "", false), ("a", "aa", false), ("xbc", "abc", false), ("abx", "abc", false), ("a\u{0}", "a", false),
        // Bytes are compared, not characters: two spellings of one letter are two secrets
        ("\u{E9}", "e\u{301}", false),
    ])
    func `equals another with the same bytes and no other`(_ left: String, _ right: String, _ areEqual: Bool) {
        #expect((Secret(left) == Secret(right)) == areEqual)
        #expect((Secret(right) == Secret(left)) == areEqual)
    }

    @Test func `differs from another if one bit differs`() {
        for bit in 0..<8 { #expect(Secret([1, 2, 3]) != Secret([1, 2 ^ UInt8(1 << bit), 3])) }
    }

    @Test func `may be empty`() {
        for empty in [Secret(""), Secret([]), unsafe Secret(capacity: 0, filledBy: { _ in 0 })] {
            #expect(empty.isEmpty)
            #expect(empty.count == 0)
            #expect(empty.exposedBytes == [])
            #expect(empty.exposedText == "")
        }
    }

    @Test func `returns its bytes unchanged`() {
        let bytes = (0...255).map { UInt8($0) }
        let secret = Secret(bytes)
        #expect(secret.count == 256)
        #expect(!secret.isEmpty)
        #expect(secret.exposedBytes == bytes)
        #expect(unsafe secret.withBytes { unsafe Array($0) } == bytes)
    }

    @Test func `copies its bytes`() {
        var bytes: [UInt8] = [1, 2, 3]
        let secret = Secret(bytes)
        bytes[0] = 9
        #expect(secret.exposedBytes == [1, 2, 3])
    }

    @Test(
        arguments: [
            ([0x67, 0x72, 0xC3, 0xBC, 0xC3, 0x9F], "gr\u{FC}\u{DF}"),
            // A byte order mark and a NUL are ordinary bytes
            ([0xEF, 0xBB, 0xBF, 0x61], "\u{FEFF}a"), ([0x61, 0x00], "a\u{0}"),
            // Not UTF-8: truncated, overlong, a surrogate, Latin-1
            ([0xC3], nil), ([0xC0, 0x80], nil), ([0xED, 0xA0, 0x80], nil), ([0xFC], nil),
        ] as [([UInt8], String?)])
    func `is text only if its bytes are UTF-8`(_ bytes: [UInt8], _ text: String?) {
        #expect(Secret(bytes).exposedText == text)
    }

    @Test(arguments: [(4, [1, 2, 3, 4]), (2, [1, 2]), (0, []), (-1, []), (9, [1, 2, 3, 4])] as [(Int, [UInt8])])
    func `filled in place has as many bytes as its function returns, at most its capacity`(
        _ count: Int, _ bytes: [UInt8]
    ) {
        let secret = unsafe Secret(capacity: 4) { memory in
            unsafe memory.copyBytes(from: [1, 2, 3, 4])
            return count
        }
        #expect(secret.exposedBytes == bytes)
    }

    @Test func `throws the error of the function that reads its bytes`() {
        #expect(throws: Failure.self) {
            try unsafe Secret("a").withBytes { _ throws(Failure) in throw .refused(Secret("b")) }
        }
    }
}
