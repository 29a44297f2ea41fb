import Addresses
import Testing

@testable import OAuth

@Suite struct `A JSON object from a server` {
    private func parse(_ text: String) throws(JSONObject.ParsingError) -> JSONObject {
        try JSONObject(Array(text.utf8))
    }

    @Test func `returns its members by type`() throws {
        let object = try parse(#" {"s":"t","b":true,"l":["x","y"],"n":null,"other":{"s":[]}} "#)
        #expect(try object.string("s") == "t")
        #expect(try object.bool("b") == true)
        #expect(try object.strings("l") == ["x", "y"])
        #expect(try object.string("n") == nil)
        #expect(try object.string("absent") == nil)
    }

    @Test(arguments: [
        (#"{"v":3600}"#, 3600), (#"{"v":3599.5}"#, 3599.5), (#"{"v":"3600"}"#, 3600), (#"{"v":-1}"#, -1),
        (#"{"v":1e99}"#, 1e99),
    ])
    func `parses a number that is written as text`(text: String, number: Double) throws {
        #expect(try parse(text).number("v") == number)
    }

    @Test(arguments: [#"{"v":"soon"}"#, #"{"v":true}"#, #"{"v":[1]}"#, #"{"v":null}"#, "{}"])
    func `has no number in other texts`(text: String) throws {
        #expect(try parse(text).number("v") == nil)
    }

    @Test(arguments: ["", "  ", "[]", "\"x\"", "<!doctype html>", "null", "access_token=x"])
    func `must begin with a brace`(text: String) {
        #expect(throws: JSONObject.ParsingError.notAnObject) { try parse(text) }
    }

    @Test(arguments: [
        #"{"a": 1,}"#, #"{"a": [1, 2 , ]}"#, #"{"a": {"b": 1,}}"#,
        #"{"a":1"#, #"{"a" 1}"#, #"{"a":1}{"b":2}"#, #"{"a":"x}"#, "{'a':1}", "{\"a\":\"\n\"}",
    ])
    func `is refused if it is broken`(text: String) {
        #expect(throws: JSONObject.ParsingError.malformed) { try parse(text) }
    }

    @Test func `is refused if it is not UTF-8`() {
        #expect(throws: JSONObject.ParsingError.malformed) {
            try JSONObject(Array(#"{"a":""#.utf8) + [0xFF] + Array(#""}"#.utf8))
        }
    }

    @Test func `can have 32 levels and no more`() throws {
        func nested(_ levels: Int) -> String {
            #"{"a":"# + String(repeating: "[", count: levels - 1) + String(repeating: "]", count: levels - 1) + "}"
        }
        _ = try parse(nested(32))
        #expect(throws: JSONObject.ParsingError.malformed) { try parse(nested(33)) }
        #expect(throws: JSONObject.ParsingError.malformed) { try parse(nested(100_000)) }
    }

    @Test(arguments: [
        #"{"token_type":"Bearer","token_type":"mac"}"#, #"{"token_type":"Bearer","token\u005ftype":"mac"}"#,
        #"{"token_type" : 1, "x":{}, "token_type" :2}"#,
    ])
    func `must not repeat a member, however it is escaped`(text: String) {
        #expect(throws: JSONObject.ParsingError.duplicate(member: "token_type")) { try parse(text) }
    }

    @Test func `may quote braces and repeat texts`() throws {
        _ = try parse(#"{"b":"a\":{[","c":["a","a"]}"#)
    }

    @Test func `with a name that occurs twice in a nested value is read tolerantly`() throws {
        let text = #"{"a":{"x":1,"x":2},"b":"y"}"#
        #expect(throws: JSONObject.ParsingError.malformed) { try parse(text) }
        #expect(try JSONObject(tolerantly: Array(text.utf8)).string("b") == "y")
    }

    @Test func `names the member with the wrong type`() throws {
        let object = try parse(#"{"s":1,"b":"true","l":"x"}"#)
        #expect(throws: JSONObject.ParsingError.type(member: "s")) { try object.string("s") }
        #expect(throws: JSONObject.ParsingError.type(member: "b")) { try object.bool("b") }
        #expect(throws: JSONObject.ParsingError.type(member: "l")) { try object.strings("l") }
    }
}
