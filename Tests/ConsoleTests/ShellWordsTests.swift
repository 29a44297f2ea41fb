import Addresses
import Console
import CredentialProtocol
import Testing

@Suite struct `A command to paste` {
    @Test(arguments: [
        ("a-b_c/d.e:f@g%h+i=j,k", "a-b_c/d.e:f@g%h+i=j,k"), ("", "''"), ("a b", "'a b'"), ("$(id)", "'$(id)'"),
        ("it's", #"'it'\''s'"#), ("a\u{301}", "'a\u{301}'"), ("~", "'~'"), ("#", "'#'"),
    ])
    func `quotes a word that a shell would interpret`(word: String, quoted: String) {
        #expect(ShellWords.quoted(word) == quoted)
    }

    @Test(arguments: [("/a b/c", #"/a\ b/c"#), ("/it's", #"/it\'s"#), ("/é", "/é"), ("/a$b", #"/a\$b"#)])
    func `can begin with a slash if git must see one`(word: String, escaped: String) {
        #expect(ShellWords.escaped(word) == escaped)
    }

    @Test func `names a service whose path a shell would interpret`() throws {
        #expect(Messages.login(try ServiceURL("https://h/$(id)")) == "keyfob login 'https://h/$(id)'")
    }
}
