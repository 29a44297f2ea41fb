import Setup
import Testing

/// Edits of one setting in the text of another program's settings.
@Suite struct `Settings of other programs` {
    // MARK: JSON

    @Test(
        arguments: [
            // Empty.
            ("", "{\n  \"a\": {\n    \"b\": \"x\"\n  }\n}\n"),
            ("{}", "{\n  \"a\": {\n    \"b\": \"x\"\n  }\n}"),
            ("{ }\n", "{\n  \"a\": {\n    \"b\": \"x\"\n  }\n}\n"),
            // One line.
            (#"{"c":1}"#, #"{"a":{"b":"x"},"c":1}"#),
            (#"{ "c": 1 }"#, #"{ "a": {"b": "x"}, "c": 1 }"#),
            (#"{"a":{},"c":1}"#, #"{"a":{"b": "x"},"c":1}"#),
            (#"{"c":"{\"a\":","a":{"d":[{}]}}"#, #"{"c":"{\"a\":","a":{"b":"x","d":[{}]}}"#),
            // Several lines.
            ("{\n\t\"c\": 1\n}", "{\n\t\"a\": {\n\t\t\"b\": \"x\"\n\t},\n\t\"c\": 1\n}"),
            ("{\r\n \"c\": 1\r\n}", "{\r\n \"a\": {\r\n  \"b\": \"x\"\r\n },\r\n \"c\": 1\r\n}"),
            ("{\n  \"a\": {}\n}\n", "{\n  \"a\": {\n    \"b\": \"x\"\n  }\n}\n"),
            ("{\n  \"a\": {\n    \"d\": 0\n  }\n}\n", "{\n  \"a\": {\n    \"b\": \"x\",\n    \"d\": 0\n  }\n}\n"),
            // The same name in another object does not count.
            (#"{"c":{"a":{"b":"y"}}}"#, #"{"a":{"b":"x"},"c":{"a":{"b":"y"}}}"#),
            // Names are compared without their escapes.
            (#"{"\u0061":{"d":1}}"#, #"{"\u0061":{"b":"x","d":1}}"#),
            // Already set.
            (#"{"a":{"b":"x"}}"#, #"{"a":{"b":"x"}}"#),
            // null is as good as absent.
            (#"{"c":1,"a":null}"#, #"{"c":1,"a":{"b":"x"}}"#),
            (#"{"a":{"b":null,"d":null}}"#, #"{"a":{"b":"x","d":null}}"#),
            ("{\n  \"a\": null,\n  \"c\": 1\n}\n", "{\n  \"a\": {\n    \"b\": \"x\"\n  },\n  \"c\": 1\n}\n"),
        ])
    func `a JSON member is added in the layout of its neighbours`(before: String, after: String) throws {
        let text = try JSONSettings(before).setting(.string("x"), at: ["a", "b"])?.text ?? before
        #expect(text == after)
        #expect(try JSONSettings(text).setting(.string("x"), at: ["a", "b"]) == nil)
    }

    @Test(
        arguments: [
            (#"{"a":{"b":"y"}}"#, SettingsProblem.taken(setting: "a.b", value: "y")),
            (#"{"a":{"b":1}}"#, .taken(setting: "a.b", value: nil)),
            (#"{"a":1}"#, .taken(setting: "a.b", value: nil)),
            (#"{"a":[]}"#, .taken(setting: "a.b", value: nil)),
            (#"{"a":null,"a":{"c":1}}"#, .malformed(format: "JSON")),
            (#"{"a":{},"a":{"c":1}}"#, .malformed(format: "JSON")),
            (#"{"a":{"c":1,"c":1}}"#, .malformed(format: "JSON")),
            ("[]", .malformed(format: "JSON")), ("{", .malformed(format: "JSON")),
            ("\"a\"", .malformed(format: "JSON")),
            ("{} {}", .malformed(format: "JSON")), ("{\"a\":1,}", .malformed(format: "JSON")),
            ("\u{FEFF}{}", .malformed(format: "JSON")), ("// mine\n{}", .malformed(format: "JSON")),
        ])
    func `JSON with another value, or with a name twice, is left alone`(before: String, problem: SettingsProblem) {
        // A name that occurs twice is found only in an object on the path.
        #expect(throws: problem) {
            let settings = try JSONSettings(before)
            _ = try settings.setting(.string("x"), at: before.contains(#""c":1,"c""#) ? ["a", "d"] : ["a", "b"])
        }
    }

    // MARK: TOML

    @Test(
        arguments: [
            ("", "t", "[t]\nk = [\"x\"]\n"), ("a = 1", "t", "a = 1\n\n[t]\nk = [\"x\"]\n"),
            ("[t]", "t", "[t]\nk = [\"x\"]\n"), ("[t] # c\na = 1\n[u]\n", "t", "[t] # c\nk = [\"x\"]\na = 1\n[u]\n"),
            ("[t.s]\na = 1\n[t]\n", "t", "[t.s]\na = 1\n[t]\nk = [\"x\"]\n"),
            ("a = 1\r\n[t]\r\n", "t", "a = 1\r\n[t]\r\nk = [\"x\"]\r\n"),
            ("# c\n\na = 1\n", nil, "# c\n\nk = [\"x\"]\na = 1\n"), ("[t]\nk = 1\n", nil, "k = [\"x\"]\n[t]\nk = 1\n"),
            ("# c", nil, "# c\nk = [\"x\"]\n"),
            // Already set.
            ("[t]\nk = ['x']\n", "t", "[t]\nk = ['x']\n"), ("t.k = [\"x\"]\n", "t", "t.k = [\"x\"]\n"),
        ] as [(String, String?, String)])
    func `a TOML key is added to its table, or before all tables`(before: String, table: String?, after: String) throws
    {
        let text = try TOMLSettings(before).setting("k", of: table, to: "[\"x\"]")?.text ?? before
        #expect(text == after)
        #expect(try TOMLSettings(text).setting("k", of: table, to: "[\"x\"]") == nil)
    }

    @Test(
        arguments: [
            ("[t]\nk = [\"y\"]\n", SettingsProblem.taken(setting: "t.k", value: "y")),
            ("[t]\nk = { a = 1 }\n", .unusual(setting: "t.k")), ("t = { a = 1 }\n", .unusual(setting: "t.k")),
            ("t.a = 1\n", .unusual(setting: "t.k")), ("[t.s]\na = 1\n", .unusual(setting: "t.k")),
            // This line is not the table, but part of a string.
            ("a = '''\n[t]\n'''\n[ t ]\nb = 1\n", .notAlone(setting: "t.k")),
            ("[t", .malformed(format: "TOML")), ("[=", .malformed(format: "TOML")), ("a", .malformed(format: "TOML")),
        ])
    func `TOML with another value, or in another form, is left alone`(before: String, problem: SettingsProblem) {
        #expect(throws: problem) { try TOMLSettings(before).setting("k", of: "t", to: "[\"x\"]") }
    }

    // MARK: Lines

    @Test(
        arguments: [
            ("", "[g]\nk-k = x\n"), ("[o]\nk-k = y", "[o]\nk-k = y\n\n[g]\nk-k = x\n"),
            ("[g]\n; k-k = y\n#k-k = y\nz = 1\n", "[g]\nk-k = x\n; k-k = y\n#k-k = y\nz = 1\n"),
            ("[g]\nK_K : x \n", "[g]\nK_K : x \n"),
        ])
    func `an ini file is read as pip reads it`(before: String, after: String) throws {
        #expect((try LineSettings(before).setting("k-k", of: "g", to: "x")?.text ?? before) == after)
    }

    @Test func `an ini file with another value is left alone`() {
        #expect(throws: SettingsProblem.taken(setting: "g.k", value: "y z")) {
            try LineSettings("[o]\n[g]\n k = y z\n").setting("k", of: "g", to: "x")
        }
    }
}
