import Testing

@testable import Dialects

@Suite struct `JSON of callers` {
    @Test(arguments: [
        (#"{"a":1,"b":[true,false,null],"c":{"d":"e"}}"#, #"{"a":1,"b":[true,false,null],"c":{"d":"e"}}"#),
        (" [ -0.5e+3 , 12 ]\r\n\t", "[-0.5e+3,12]"), (#"{"b":1,"a":2}"#, #"{"a":2,"b":1}"#), ("{ }", "{}"),
        ("[]", "[]"),
        (#""\"\\\/\b\f\n\r\t\u0041\u00e9\ud83d\ude00\u001F""#, #""\"\\/\b\f\n\r\tAé😀\u001f""#), (#""/é""#, #""/é""#),
    ])
    func `a value is read, and written on one line with its members sorted`(_ text: String, _ line: String) throws {
        let value = try #require(JSONParser.parse(Array(text.utf8)))
        #expect(String(decoding: value.line, as: UTF8.self) == line + "\n")
        #expect(JSONParser.parse(value.line) == value)
    }

    @Test(arguments: [
        "", " ", "{", "}", "[1,]", "[1 2]", "{\"a\":1,}", "{\"a\"}", "{a:1}", "{'a':1}", "tru", "nul", "01", "1.", ".5",
        "+1", "1e", "-", "\"", "\"\\x\"", "\"\\u12g4\"", "\"\\ud800\"", "\"\\ud800\\u0041\"", "\"\\udc00\"", "\"\n\"",
        "{} {}", "1x", "NaN", "{\"a\":1,\"a\":2}", "{\"a\":1,\"\\u0061\":2}", "\u{FEFF}{}",
        String(repeating: "[", count: 100_000),
    ])
    func `text that is not JSON is refused`(_ text: String) {
        #expect(JSONParser.parse(Array(text.utf8)) == nil)
    }

    @Test func `bytes that are not UTF-8 are refused`() {
        #expect(JSONParser.parse([0x22, 0xFF, 0x22]) == nil)
        #expect(JSONParser.parse([0x22, 0xC3, 0x22]) == nil)
    }

    @Test func `names are compared by their bytes`() throws {
        let value = try #require(JSONParser.parse(Array("{\"e\u{301}\":1,\"\u{E9}\":2}".utf8)))
        #expect(value["\u{E9}"] == .number("2"))
        #expect(value["x"] == nil)
    }

    @Test(arguments: [
        ("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foobar", "Zm9vYmFy"), ("\u{3FF}>?", "z78+Pw=="),
    ])
    func `base64 is that of RFC 4648`(_ text: String, _ encoded: String) {
        #expect(Base64.encode(text) == encoded)
    }
}
