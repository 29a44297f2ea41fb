import Secrets
import Testing

/// Texts that Swift takes for equal, or for equal at the start, and a server does not.
@Suite struct `Text compared by its bytes` {
    @Test(arguments: [("K", "\u{212A}"), ("caf\u{E9}", "cafe\u{301}"), (";", "\u{37E}"), ("\u{C5}", "\u{212B}")])
    func `is the same only if all bytes are the same`(_ one: String, _ other: String) {
        #expect(one == other, "Swift takes them for equal")
        #expect(!one.isSame(as: other))
        #expect(![one].holdsSame(as: other))
        #expect(!["name": one].isSame(as: ["name": other]))
        #expect(one.isSame(as: one))
        #expect(["a", one].holdsSame(as: one))
        #expect(["name": one].isSame(as: ["name": one]))
    }

    @Test func `has the same keys in both dictionaries`() {
        #expect(!["a": "1"].isSame(as: ["a": "1", "b": "2"]))
        #expect(!["a": "1", "b": "2"].isSame(as: ["a": "1"]))
        #expect(!["a": "1"].isSame(as: ["b": "1"]))
    }

    @Test func `has the prefix, suffix or part that a combining mark hides from Swift`() {
        let text = "http://h/\u{301}x?"
        #expect(!text.hasPrefix("http://h/"))
        #expect(text.begins(with: "http://h/"))
        #expect(!text.begins(with: "http://h/x"))
        #expect(text.ends(with: "x?"))
        #expect(!text.ends(with: "\u{301}x"))
        #expect("a:\u{301}".holds(":"))
        #expect(!"a".holds(":"))
    }

    @Test func `is split at each byte of the separator`() {
        #expect("a/\u{301}b//c".parts(at: "/").map(String.init) == ["a", "\u{301}b", "", "c"])
        #expect("a=b=c".parts(at: "=", maxSplits: 1).map(String.init) == ["a", "b=c"])
        #expect("one\r\ntwo".parts(at: "\n").map { Array($0.utf8.suffix(1)) } == [[0x0D], [UInt8(ascii: "o")]])
        #expect("".parts(at: "/").map(String.init) == [""])
    }

    @Test func `is lowercased only in ASCII letters`() {
        #expect("K".lowercased() == "k")
        #expect("\u{212A}".lowercased() == "k", "Swift takes the Kelvin sign for a letter")
        #expect("\u{212A}ABZ@[\u{C4}".asciiLowercased.isSame(as: "\u{212A}abz@[\u{C4}"))
    }

    @Test func `is replaced even before a combining mark`() {
        #expect("a secret\u{301} b secret".replacingBytes(of: "secret", with: "*").isSame(as: "a *\u{301} b *"))
        #expect("a".replacingBytes(of: "", with: "*") == "a")
    }
}
