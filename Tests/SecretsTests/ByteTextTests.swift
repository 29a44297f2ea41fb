import Secrets
import Testing

/// Texts that are equal, or begin alike, to Swift and not to a server.
@Suite struct `Text by its bytes` {
    @Test(arguments: [("K", "\u{212A}"), ("caf\u{E9}", "cafe\u{301}"), (";", "\u{37E}"), ("\u{C5}", "\u{212B}")])
    func `is the same only if each byte is`(_ one: String, _ other: String) {
        #expect(one == other, "Swift takes them for equal")
        #expect(!one.isSame(as: other))
        #expect(![one].holdsSame(as: other))
        #expect(!["name": one].isSame(as: ["name": other]))
        #expect(one.isSame(as: one))
        #expect(["a", one].holdsSame(as: one))
        #expect(["name": one].isSame(as: ["name": one]))
    }

    @Test func `has no other names and no fewer`() {
        #expect(!["a": "1"].isSame(as: ["a": "1", "b": "2"]))
        #expect(!["a": "1", "b": "2"].isSame(as: ["a": "1"]))
        #expect(!["a": "1"].isSame(as: ["b": "1"]))
    }

    @Test func `begins and ends where a combining mark hides that from Swift`() {
        let text = "http://h/\u{301}x?"
        #expect(!text.hasPrefix("http://h/"))
        #expect(text.begins(with: "http://h/"))
        #expect(!text.begins(with: "http://h/x"))
        #expect(text.ends(with: "x?"))
        #expect(!text.ends(with: "\u{301}x"))
        #expect("a:\u{301}".holds(":"))
        #expect(!"a".holds(":"))
    }

    @Test func `is cut at each byte of the separator`() {
        #expect("a/\u{301}b//c".parts(at: "/").map(String.init) == ["a", "\u{301}b", "", "c"])
        #expect("a=b=c".parts(at: "=", maxSplits: 1).map(String.init) == ["a", "b=c"])
        #expect("one\r\ntwo".parts(at: "\n").map { Array($0.utf8.suffix(1)) } == [[0x0D], [UInt8(ascii: "o")]])
        #expect("".parts(at: "/").map(String.init) == [""])
    }

    @Test func `is lowered only in the letters of ASCII`() {
        #expect("K".lowercased() == "k")
        #expect("\u{212A}".lowercased() == "k", "Swift takes the Kelvin sign for a letter")
        #expect("\u{212A}ABZ@[\u{C4}".asciiLowercased.isSame(as: "\u{212A}abz@[\u{C4}"))
    }

    @Test func `is replaced also before a combining mark`() {
        #expect("a secret\u{301} b secret".replacingBytes(of: "secret", with: "*").isSame(as: "a *\u{301} b *"))
        #expect("a".replacingBytes(of: "", with: "*") == "a")
    }
}
