import Console
import Testing

@Suite struct `A path in text that the user may publish` {
    @Test(arguments: [
        ("/home/me/.config is there", "~/.config is there"), ("in /home/me", "in ~"), ("/home/mel/x", "/home/mel/x"),
        ("as me@example.com", "as ...@example.com"), ("https://me:pw@h/ and a@b", "https://...@h/ and ...@b"),
        ("a\u{1B}b", "a\u{FFFD}b"),
    ])
    func `does not name the user`(text: String, shown: String) {
        #expect(Shareable.text(text, home: "/home/me") == shown)
    }

    @Test(arguments: [nil, "", "/", "me"]) func `is unchanged if there is no home directory`(home: String?) {
        #expect(Shareable.text("/a/me b", home: home) == "/a/me b")
    }
}
