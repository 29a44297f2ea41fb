import Testing

@testable import JSON

@Suite struct `JSON of callers` {
    @Test(arguments: [
        (#"{"a":1,"b":[true,false,null],"c":{"d":"e"}}"#, #"{"a":1,"b":[true,false,null],"c":{"d":"e"}}"#),
        (" [ -0.5e+3 , 12 ]\r\n\t", "[-500.0,12]"), (#"{"b":1,"a":2}"#, #"{"a":2,"b":1}"#), ("{ }", "{}"),
        ("[]", "[]"),
        (#""\"\\\/\b\f\n\r\t\u0041\u00e9\ud83d\ude00\u001F""#, #""\"\\/\b\f\n\r\tAé😀\u001F""#), (#""/é""#, #""/é""#),
        (#"{"aa":1,"é":2,"B":3,"a":4}"#, #"{"B":3,"a":4,"aa":1,"é":2}"#), (#""a\u0000b""#, #""a\u0000b""#),
        ("\"\u{7F}\u{2028}\u{FFFF}\"", "\"\u{7F}\u{2028}\u{FFFF}\""), (#""""#, #""""#), (#"{"":""}"#, #"{"":""}"#),
        ("-9223372036854775808", "-9223372036854775808"), ("9223372036854775807", "9223372036854775807"),
    ])
    func `a value is read, and written on one line with its members sorted`(_ text: String, _ line: String) throws {
        let value = try #require(JSON.parse(Array(text.utf8)))
        #expect(String(decoding: value.line, as: UTF8.self) == line + "\n")
        #expect(JSON.parse(value.line)?.line == value.line)
    }

    @Test(arguments: [
        "", " ", "{", "}", "[1,]", "[1 2]", "{\"a\":1,}", "{\"a\"}", "{a:1}", "{'a':1}", "tru", "nul", "01", "1.", ".5",
        "+1", "1e", "-", "\"", "\"\\x\"", "\"\\u12g4\"", "\"\\ud800\"", "\"\\ud800\\u0041\"", "\"\\udc00\"", "\"\n\"",
        "{} {}", "1x", "NaN", "{\"a\":1,\"a\":2}", "{\"a\":1,\"\\u0061\":2}", "\u{FEFF}{}",
        String(repeating: "[", count: 100_000),
    ])
    func `text that is not JSON is refused`(_ text: String) {
        #expect(JSON.parse(Array(text.utf8)) == nil)
    }

    @Test func `every text that ends too early is refused`() {
        let text = Array(#"{"a":[1,{"b":"\ud83d\ude00é"}],"c":true}"#.utf8)
        #expect(JSON.parse(text) != nil)
        for count in 0..<text.count { #expect(JSON.parse(Array(text.prefix(count))) == nil) }
    }

    @Test(arguments: [
        "9223372036854775808", "-9223372036854775809", "1e400", "-1e400", String(repeating: "9", count: 10_000),
    ])
    func `a number that does not fit is refused`(_ text: String) {
        #expect(JSON.parse(Array(text.utf8)) == nil)
    }

    @Test func `more than 64 levels are refused`() {
        for (start, end) in [("[", "]"), (#"{"a":"#, "}")] {
            let nested = { (depth: Int) in
                Array((String(repeating: start, count: depth) + "1" + String(repeating: end, count: depth)).utf8)
            }
            #expect(JSON.parse(nested(64)) != nil)
            #expect(JSON.parse(nested(65)) == nil)
        }
    }

    @Test func `a text of more than a megabyte is refused`() {
        let text = { (size: Int) in [0x22] + [UInt8](repeating: 0x61, count: size - 2) + [0x22] }
        #expect(JSON.parse(text(JSON.largest)) != nil)
        #expect(JSON.parse(text(JSON.largest + 1)) == nil)
    }

    @Test(
        arguments: [
            [0xFF], [0xC3], [0xC0, 0x80], [0xE0, 0x80, 0x80], [0xED, 0xA0, 0x80], [0xF4, 0x90, 0x80, 0x80], [0x80],
            [0x00],
        ] as [[UInt8]])
    func `bytes that are not UTF-8, and a NUL, are refused`(_ bytes: [UInt8]) {
        #expect(JSON.parse([0x22] + bytes + [0x22]) == nil)
        #expect(JSON.parse([0x7B, 0x22] + bytes + [0x22, 0x3A, 0x31, 0x7D]) == nil)
        #expect(JSON.parse([0x31] + bytes) == nil)
    }

    @Test func `an escaped NUL is kept in a string and refused in a name`() {
        #expect(JSON.parse(Array(#""a\u0000b""#.utf8)) == .string("a\0b"))
        #expect(JSON.parse(Array(#"{"a\u0000b":1}"#.utf8)) == nil)
    }

    @Test func `names are compared by their bytes`() throws {
        let value = try #require(JSON.parse(Array("{\"e\u{301}\":1,\"\u{E9}\":2}".utf8)))
        #expect(value["\u{E9}"] == .integer(2))
        #expect(value["x"] == nil)
    }
}
