import Testing

@testable import Setup

/// The part of an edit that the user sees: the inserted lines with their number, and no other text of the file.
@Suite struct `A shown edit` {
    @Test func `has the number of its first line`() throws {
        let text = "{\n\t\"auths\": {\n\t\t\"a\": {\"auth\": \"secret\"}\n\t}\n}\n"
        let shown = try #require(try JSONSettings(text).setting(.string("keyfob"), at: ["credHelpers", "r"])).shown
        #expect(shown.number == 2)
        #expect(shown.lines == ["\t\"credHelpers\": {", "\t\t\"r\": \"keyfob\"", "\t},"])
    }

    @Test func `is only the inserted part of a line`() throws {
        let text = #"{"auths":{"a":{"auth":"secret"}}}"#
        let shown = try #require(try JSONSettings(text).setting(.string("keyfob"), at: ["credsStore"])).shown
        #expect(shown.number == 1)
        #expect(shown.lines == [#""credsStore":"keyfob","#])
    }

    @Test(arguments: [
        ("", 1), ("a=1\n", 2), ("a=1", 2), ("a=1\r\nb=2", 3), ("\n\n", 3),
    ])
    func `at the end of a file comes after the last line`(text: String, number: Int) throws {
        let edit = try #require(try LineSettings(text).adding("k=x", setting: "k") { _ in nil })
        #expect(edit.shown.number == number)
        #expect(edit.shown.lines == ["k=x"])
    }

    @Test func `has no blank lines around it`() throws {
        let edit = try #require(try TOMLSettings("a = 1\n").setting("k", of: "t", to: "\"x\""))
        #expect(edit.shown.number == 3)
        #expect(edit.shown.lines == ["[t]", "k = \"x\""])
    }

    @Test func `keeps bytes that only Swift takes for one character`() throws {
        let edit = try #require(try LineSettings("a\u{301}\r\n\u{301}b").adding("k", setting: "k") { _ in nil })
        #expect(Array(edit.text.utf8) == Array("a\u{301}\r\n\u{301}b\r\nk\r\n".utf8))
    }
}
