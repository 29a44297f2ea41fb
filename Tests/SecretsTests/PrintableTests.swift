import Secrets
import Testing

@Suite struct `Text that others wrote` {
    @Test(arguments: [
        ("The code has expired.", "The code has expired."), ("ça va", "ça va"),
        ("\u{1B}]52;c;aGk=\u{07}", "\u{FFFD}]52;c;aGk=\u{FFFD}"), ("a\r\nb", "a\u{FFFD}\u{FFFD}b"),
        ("\u{9B}2J", "\u{FFFD}2J"), ("abc\u{202E}cba", "abc\u{FFFD}cba"), ("a\u{2028}b", "a\u{FFFD}b"),
        ("\u{7F}", "\u{FFFD}"), ("pay\u{AD}pal\u{200B}", "pay\u{FFFD}pal\u{FFFD}"), ("\u{E000}", "\u{FFFD}"),
        ("A\u{115F}\u{3164}B", "A\u{FFFD}\u{FFFD}B"), ("한글", "한글"),
    ])
    func `cannot control a terminal`(text: String, printable: String) {
        #expect(Printable.text(text) == printable)
    }

    @Test func `is cut after 200 characters, with three dots`() {
        #expect(Printable.text(String(repeating: "x", count: 200)).count == 200)
        #expect(Printable.text(String(repeating: "x", count: 201)) == String(repeating: "x", count: 200) + "...")
    }

    @Test func `that the user is to copy is not cut`() {
        let long = String(repeating: "x", count: 1000)
        #expect(Printable.whole(long + "\u{1B}") == long + "\u{FFFD}")
        #expect(Printable.wholeAddress("https://me@h/" + long) == "https://...@h/" + long)
    }

    @Test(arguments: [
        ("https://h/p", "https://h/p"), ("https://me:pw@h/p", "https://...@h/p"), ("https://a@b@h", "https://...@h"),
        ("me:pw@h", "...@h"), ("pw://x@h", "pw://...@h"), ("a:pw://x@h", "...@h"),
        ("https://token\u{301}@h", "https://...@h"),
        ("https://me@h\u{7}", "https://...@h\u{FFFD}"), ("https://h/p?token=x#y", "https://h/p?..."),
        ("https://h/#access_token=x", "https://h/#..."), ("https://h/p?", "https://h/p?"),
        ("https://me:p?w#@h/p?q", "https://...@h/p?..."), ("h?x", "h?..."), ("https://me:pw", "https://..."),
        ("https://h:8080/p", "https://h:8080/p"),
        ("https://h/a:b", "https://h/a:b"),
    ])
    func `does not show the user name, the password and the query in a URL`(url: String, shown: String) {
        #expect(Printable.address(url) == shown)
    }
}
