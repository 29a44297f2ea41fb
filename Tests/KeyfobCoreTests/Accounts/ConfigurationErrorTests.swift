import Addresses
import Testing

@testable import KeyfobCore

/// The error names the line and the key, and nothing else happens.
@Suite struct `An error in the configuration` {
    private static let header = "[host.\"https://h\"]\nissuer = \"https://l\"\nclient_id = \"c\"\n"
    private static let host = "host.\"https://h\""

    private func error(of text: String) throws -> ConfigurationError {
        try #require(throws: ConfigurationError.self) { try TOMLConfiguration(text, file: "f").decode() }
    }

    private static func wrong(_ key: String, _ line: Int, _ problem: ConfigurationError.Problem) -> ConfigurationError {
        ConfigurationError(file: "f", line: line, key: key, problem: problem)
    }

    // MARK: Each problem

    static let outside: [(String, ConfigurationError)] = [
        ("minttl = 3", wrong("minttl", 1, .unknownKey)),
        ("\n\nhosts = {}", wrong("hosts", 3, .unknownKey)),
        ("\"\" = 1", wrong("\"\"", 1, .unknownKey)),
        (
            "interaction = \"maybe\"",
            wrong("interaction", 1, .notAllowed(value: "maybe", allowed: ["never", "auto", "always"]))
        ),
        ("interaction = 0", wrong("interaction", 1, .wrongType(expected: "one of never, auto, always"))),
        ("client_secret = \"x\"", wrong("client_secret", 1, .secret(service: nil, clientID: nil))),
        ("host = 1", wrong("host", 1, .wrongType(expected: "a table"))),
        ("host = []", wrong("host", 1, .wrongType(expected: "a table"))),
        ("[[host]]\nx = 1", wrong("host", 1, .wrongType(expected: "a table"))),
        ("[host]\n\"https://h\" = \"c\"", wrong(host, 2, .wrongType(expected: "a table"))),
    ]

    @Test(arguments: ["codeberg.org", "github.com"])
    func `a known host has another provider`(_ name: String) throws {
        let own = name == "github.com" ? "github" : "gitea"
        let text = "[host.\"https://\(name)/team\"]\nprovider = "
        #expect(throws: Never.self) { try TOMLConfiguration(text + "\"\(own)\"", file: "f").decode() }
        let expected = Self.wrong(
            "host.\"https://\(name)/team\".provider", 2, .notAllowed(value: "gitlab", allowed: [own]))
        #expect(try error(of: text + "\"gitlab\"") == expected)
    }

    @Test(arguments: ["https://A.example:443/", "https://a.example/"])
    func `one service has two spellings`(_ name: String) throws {
        let found = try error(of: "[host.\"https://a.example\"]\n[host.\"\(name)\"]\n")
        #expect(found.problem == .twice(service: "https://a.example", line: 1))
        #expect(found.line == 2)
    }

    /// The first line with the table or the key, the second one, and the name of what is there twice.
    @Test(arguments: [
        ("[host.\"https://h\"]\nissuer = \"https://l\"\n\n[host.\"https://h\"]\n", 1, 4, host, true),
        ("host.\"https://h\".issuer = \"https://l\"\n[host.\"https://h\"]\n", 1, 2, host, true),
        ("[host]\n\"https://h\".issuer = \"https://l\"\n[host.\"https://h\"]\n", 2, 3, host, true),
        ("[host.\"https://h\"]\n[host]\n'https://h'.issuer = \"https://l\"\n", 1, 3, host, true),
        ("[host]\n\"https://h\" = {}\n\"https://h\" = { issuer = \"https://l\" }\n", 2, 3, host, true),
        ("[ host . \"https://h\" ] # a\r\n[host.\"https://h\"]\r\n", 1, 2, host, true),
        (
            "[host.\"https://i\"]\nscopes = []\n[host.\"https://h\"]\nscopes = [\n]\nscopes = []\n", 4, 6,
            host + ".scopes", false
        ),
        ("min_ttl = 1\n\nmin_ttl = 1\n", 1, 3, "min_ttl", false),
        ("[host]\n[host]\n", 1, 2, "host", true),
    ])
    func `a table or a key is there twice, in any form`(
        _ text: String, _ first: Int, _ second: Int, _ key: String, _ isTable: Bool
    ) throws {
        #expect(try error(of: text) == Self.wrong(key, second, .doubled(isTable: isTable, line: first)))
    }

    @Test(arguments: ["client_secret", "clientSecret", "oauthClientSecret", "password", "refresh_token", "api_key"])
    func `a key would hold a secret`(_ key: String) throws {
        let found = try error(of: Self.header + "\(key) = \"x\"")
        #expect(
            found
                == Self.wrong("\(Self.host).\(key)", 4, .secret(service: try ServiceURL("https://h"), clientID: "c")))
    }

    @Test(arguments: outside)
    func `outside the hosts`(_ text: String, _ expected: ConfigurationError) throws {
        #expect(try error(of: text) == expected)
    }

    // The parser would end the process at these texts, or would not see the rest.
    @Test(arguments: [
        "[=x]", "[.a]", "[[=", "[[[x]]]", "[ \t[x=]", "[\n", "[[\n]]", "[\u{10}a]", "[\u{E9}]", "\u{FEFF}[=]", " \t[.]",
        "login_timeout = 1\u{0}\nhosts = 1", "x = [}", "x = [\"a\", }", "x = [\"]\\\"\", ']', \t}", "x = [# ]\r}",
        #"client_id = "a\u0000b""#, #"[host."https://a.example\U00000000.b"]"#,
    ])
    func `text that the parser cannot handle is refused before parsing`(_ text: String) throws {
        let found = try error(of: "min_ttl = 1\n" + text)
        #expect(found.line == 2)
        guard case .syntax = found.problem else {
            Issue.record("\(found)")
            return
        }
    }

    // The parser's stack needs a level for each part of a key, and its size is limited.
    @Test(arguments: ["[", "", "x = {"])
    func `a key with very many parts is refused before the parser sees it`(_ before: String) throws {
        for name in ["a", "\"a\"", "'.'"] {
            let key = [String](repeating: name, count: 50_000).joined(separator: ".")
            let text = before + key + (before == "[" ? "]" : " = 1") + (before.hasSuffix("{") ? "}" : "") + "\n"
            #expect(throws: ConfigurationError.self) { try TOMLConfiguration(text, file: "f").refuseUnreadable() }
        }
        try TOMLConfiguration("a = \"\(String(repeating: ".", count: 500))\" # ....\n", file: "f").refuseUnreadable()
    }

    @Test func `a brace in a string or in a comment is accepted`() throws {
        let text = "a = \",}\" # [}\nb = '[}'\nc = \"\"\"\n,} \"\"\"\"\"\nd = [\"x\"] # ,\ne = { f = [\"y\"] }\n"
        try TOMLConfiguration(text, file: "f").refuseUnreadable()
    }

    @Test(
        arguments: ["min_ttl", "login_timeout"],
        ["0", "-1", "86401", "1.5", "\"5m\"", "\"\"", "true", "[300]", "inf", "nan", "1e300"])
    func `a number of seconds is invalid`(_ key: String, _ value: String) throws {
        let expected = Self.wrong(key, 1, .wrongType(expected: "a number of seconds from 1 to 86400"))
        #expect(try error(of: "\(key) = \(value)") == expected)
    }

    @Test(arguments: [
        "http://h", "h", "h:443", "ftp://h", "https://", "https://u@h", "https://h?x", "https://h#x", "https://h/%zz",
        "https://h:0", "https://h:65536", "http://127.0.0.1.example.com", "https://h/a\\\\b",
    ])
    func `a host has an invalid URL`(_ name: String) throws {
        let found = try error(of: "\n[host.\"\(name)\"]\nissuer = \"https://l\"\nclient_id = \"c\"\n")
        #expect(found.line == 2)
        guard case .badURL = found.problem else {
            Issue.record("\(found)")
            return
        }
    }

    /// A line in the entry of a host, its key, and the problem.
    static let inside: [(String, String, ConfigurationError.Problem)] = [
        ("client-id = \"x\"", "client-id", .unknownKey),
        ("scopes = 1", "scopes", .wrongType(expected: "an array of strings")),
        ("scopes = [1]", "scopes", .wrongType(expected: "an array of strings")),
        ("scopes = [\"\"]", "scopes", .wrongType(expected: "an array of strings that are not empty")),
        ("scopes = [\"a\\u0001b\"]", "scopes", .wrongType(expected: "an array of strings that are not empty")),
        (
            "client_authentication = \"private_key_jwt\"", "client_authentication",
            .notAllowed(
                value: "private_key_jwt", allowed: ["none", "client_secret_basic", "client_secret_post", "plain_basic"])
        ),
        ("offline_access = \"maybe\"", "offline_access", .wrongType(expected: "true or false")),
        ("offline_access = 2", "offline_access", .wrongType(expected: "true or false")),
        ("pkce = false", "pkce", .notAllowed(value: "false", allowed: ["required", "assumed"])),
        // A provider with one place: its token belongs to no host of the user's own.
        (
            "provider = \"bitbucket\"", "provider",
            .notAllowed(value: "bitbucket", allowed: KnownHost.providersOfAnyHost)
        ),
        (
            "provider = \"azure-devops\"", "provider",
            .notAllowed(value: "azure-devops", allowed: KnownHost.providersOfAnyHost)
        ),
        ("flow = \"fax\"", "flow", .notAllowed(value: "fax", allowed: ["loopback", "device", "paste"])),
        ("pkce = \"none\"", "pkce", .notAllowed(value: "none", allowed: ["required", "assumed"])),
        ("redirect_uri = \"https://127.0.0.1/\"", "redirect_uri", .badURL(value: "https://127.0.0.1/")),
        ("redirect_uri = \"http://example.com/\"", "redirect_uri", .badURL(value: "http://example.com/")),
        ("resource = \"git\"", "resource", .badURL(value: "git")),
        ("resource = true", "resource", .wrongType(expected: "a URL, or false")),
        ("username = \"\"", "username", .wrongType(expected: "a string")),
        ("username = \"a\\nb\"", "username", .wrongType(expected: "a string")),
        ("username = 7", "username", .wrongType(expected: "a string")),
        ("account = [\"a\"]", "account", .wrongType(expected: "a string")),
        ("ca_file = false", "ca_file", .wrongType(expected: "a string")),
        ("ca_file = \"ca.pem\"", "ca_file", .wrongType(expected: "an absolute path")),
        ("ca_file = \"~/ca.pem\"", "ca_file", .wrongType(expected: "an absolute path")),
        ("token_endpoint = \"http://l/token\"", "token_endpoint", .badURL(value: "http://l/token")),
        ("authorization_endpoint = \"/authorize\"", "authorization_endpoint", .badURL(value: "/authorize")),
        ("revocation_endpoint = \"https://u:p@l\"", "revocation_endpoint", .badURL(value: "https://u:p@l")),
        ("device_authorization_endpoint = \"x\"", "device_authorization_endpoint", .badURL(value: "x")),
    ]

    @Test(arguments: inside)
    func `inside a host`(_ line: String, _ key: String, _ problem: ConfigurationError.Problem) throws {
        #expect(try error(of: Self.header + line) == Self.wrong("\(Self.host).\(key)", 4, problem))
    }

    @Test(arguments: [
        ("device_authorization_endpoint = \"https://l/d\"", "issuer"),
        ("client_id = \"c\"\ntoken_endpoint = \"https://l/t\"", "authorization_endpoint"),
        ("client_id = \"c\"\nauthorization_endpoint = \"https://l/a\"", "token_endpoint"),
        ("client_id = \"c\"\nissuer = \"https://l\"\nauthorization_endpoint = \"https://l/a\"", "token_endpoint"),
    ])
    func `for an incomplete entry names its header`(_ lines: String, _ missing: String) throws {
        let found = try error(of: "min_ttl = 5\n\n[host.\"https://h\"]\n\(lines)\n")
        #expect(found == Self.wrong(Self.host, 3, .incomplete(missing: missing)))
    }

    @Test func `for a misspelt key is reported before the missing key`() throws {
        let found = try error(of: "[host.\"https://h\"]\nissuer = \"https://l\"\nclientid = \"c\"\n")
        #expect(found == Self.wrong("\(Self.host).clientid", 3, .unknownKey))
    }

    @Test(arguments: [
        ("x =", 1), ("\n\nmin_ttl = 3\nmin_ttl =\n", 4), ("[host\n", 1), ("a = 1\nb = \"\n", 2),
        ("a = 1\r\nb\r\n", 2),
    ])
    func `for text that is not TOML names the line`(_ text: String, _ line: Int) throws {
        let found = try error(of: text)
        #expect(found.line == line)
        #expect(found.key == nil)
        guard case .syntax = found.problem else {
            Issue.record("\(found)")
            return
        }
    }

    // MARK: The line of a key

    @Test(arguments: [
        // The text before the key: nothing, comments, multi-line arrays and strings, other tables
        ("bad = 1", 1), ("# a\n\n# b\nbad = 1", 4), ("min_ttl = 5 # bad = 1\nbad = 1", 2),
        ("[host.\"https://h\"]\nscopes = [\n  \"a\", # bad = 1\n  \"b\",\n]\nbad = 1", 6),
        ("[host.\"https://h\"]\nusername = '''\nbad = 1\n'''\nbad = 1", 5),
        ("[host]\n[host.\"https://i\"]\nscopes = []\nbad = 1", 4),
        // The form of the key: dotted, inline, quoted, with a value of many lines
        ("host.\"https://h\".issuer = \"https://l\"\nhost.\"https://h\".bad = 1", 2),
        ("min_ttl = 5\nhost = { \"https://h\" = { bad = 1 } }", 2),
        ("[host.\"https://h\"]\nissuer = \"https://l\"\n\"bad\" = [\n  1,\n  2,\n]\n", 3),
        ("min_ttl = 5\n[host.\"https://h\".bad]\nx = 1\n", 2),
        // The text after the key
        ("[host.\"https://h\"]\nbad = 1\nissuer = \"https://l\"\nclient_id = \"c\"\n", 2),
    ])
    func `has the line number that an editor shows, with any kind of line ends`(_ text: String, _ line: Int) throws {
        for text in [
            text, text + "\n", text.split(separator: "\n", omittingEmptySubsequences: false).joined(separator: "\r\n"),
            text.split(separator: "\n", omittingEmptySubsequences: false).joined(separator: "\r\n") + "\r\n",
        ] {
            let found = try error(of: text)
            #expect(found.problem == .unknownKey)
            #expect(found.key?.hasSuffix("bad") == true)
            #expect(found.line == line)
        }
    }

    @Test func `for an unknown key has no line`() {
        #expect(TOMLConfiguration("a = 1", file: "f").line(of: ["b"]) == nil)
        #expect(TOMLConfiguration("", file: "f").line(of: ["b"]) == nil)
        #expect(TOMLConfiguration("a = 1", file: "f").line(of: ["a", "b"]) == nil)
    }
}
