import Console
import Testing

@Suite struct `A path in text that the user may publish` {
    @Test(arguments: [
        ("/home/me/.config is there", "~/.config is there"), ("in /home/me", "in ~"), ("/home/mel/x", "/home/mel/x"),
        ("as me@example.com", "as ...@example.com"), ("https://me:pw@h/ and a@b", "https://...@h/ and ...@b"),
        ("a\u{1B}b", "a\u{FFFD}b"), ("run: ln -s '/home/me/a b' /home/me/c", "run: ln -s ~/'a b' ~/c"),
    ])
    func `does not name the user`(text: String, shown: String) {
        #expect(Shareable.text(text, home: "/home/me") == shown)
    }

    @Test func `is whole, because it may be a part of a command`() {
        let path = "/opt/" + String(repeating: "x", count: 1000)
        #expect(Shareable.text("run: " + path, home: "/home/me") == "run: " + path)
    }

    @Test(arguments: [nil, "", "/", "me"]) func `is unchanged if there is no home directory`(home: String?) {
        #expect(Shareable.text("/a/me b", home: home) == "/a/me b")
    }
}
