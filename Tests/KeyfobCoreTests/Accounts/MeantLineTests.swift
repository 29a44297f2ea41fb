import Addresses
import TestSupport
import Testing

@testable import KeyfobCore

@Suite struct `A wrong line of the configuration` {
    private static func ascii(_ name: String) -> String? {
        name == "bücher.example" ? "xn--bcher-kva.example" : nil
    }

    /// The line that is proposed after `text` has been read from a file.
    private func proposal(for text: String) async throws -> String? {
        try await withTemporaryDirectory { directory in
            let file = directory + "/config.toml"
            try write(text, to: file)
            let error = try #require(throws: ConfigurationError.self) { try Configuration(files: [file]) }
            return MeantLine.instead(of: error, ascii: Self.ascii)
        }
    }

    static let headers: [(String, String)] = [
        // A name that is no URL
        (#"[host."git.example.com"]"#, #"[host."https://git.example.com"]"#),
        (#"[host."git.example.com:8443/a"]"#, #"[host."https://git.example.com:8443/a"]"#),
        (#"[host."http://git.example.com"]"#, #"[host."https://git.example.com"]"#),
        (#"[host."https://bücher.example"]"#, #"[host."https://xn--bcher-kva.example"]"#),
        (#"[host."bücher.example"]"#, #"[host."https://xn--bcher-kva.example"]"#),
        (#"[host."htps://git.example.com"]"#, #"[host."https://git.example.com"]"#),
        (#"[host."https:/git.example.com"]"#, #"[host."https://git.example.com"]"#),
        (#"[host."https//git.example.com"]"#, #"[host."https://git.example.com"]"#),
        (#"[host." https://git.example.com "]"#, #"[host."https://git.example.com"]"#),
        (#"[host."https://alice@git.example.com"]"#, #"[host."https://git.example.com"]"#),
        (#"[host."https://git.example.com?a"]"#, #"[host."https://git.example.com"]"#),
        (#"[host."localhost:3000"]"#, #"[host."http://localhost:3000"]"#),
        // Missing quotes
        ("[host.https://git.example.com]", #"[host."https://git.example.com"]"#),
        ("[host.git.example.com]", #"[host."https://git.example.com"]"#),
        ("  [ host . git.example.com ] # mine", #"[host."https://git.example.com"]"#),
        ("[host.git.example.com:8443]", #"[host."https://git.example.com:8443"]"#),
        ("[host.https://bücher.example/a]", #"[host."https://xn--bcher-kva.example/a"]"#),
        (#"[host."https://git.example.com]"#, #"[host."https://git.example.com"]"#),
        (#"[host.https://git.example.com"]"#, #"[host."https://git.example.com"]"#),
        // As in git's own configuration, and without the word
        (#"[host "https://git.example.com"]"#, #"[host."https://git.example.com"]"#),
        (#"["https://git.example.com"]"#, #"[host."https://git.example.com"]"#),
        ("[https://git.example.com]", #"[host."https://git.example.com"]"#),
    ]

    @Test(arguments: headers)
    func `that names a service has the line to write`(_ line: String, _ right: String) async throws {
        #expect(try await proposal(for: "login_timeout = 60\n\n\(line)\nclient_id = \"c\"\n") == right)
        #expect(throws: Never.self) { try TOMLConfiguration("\(right)\nclient_id = \"c\"\n", file: "f").decode() }
    }

    static let values: [(String, String)] = [
        (#"issuer = "login.example.com""#, #"issuer = "https://login.example.com""#),
        (#"issuer = " https://login.example.com/ ""#, #"issuer = "https://login.example.com/""#),
        (#"issuer = "https://bücher.example""#, #"issuer = "https://xn--bcher-kva.example""#),
        (#"issuer = "https://u@login.example.com""#, #"issuer = "https://login.example.com""#),
        (#"token_endpoint = " https://l.example/t ""#, #"token_endpoint = "https://l.example/t""#),
        (#"token_endpoint = "https://l.example/t#x""#, #"token_endpoint = "https://l.example/t""#),
        (#"token_endpoint = "https://l.example/t?a=b#x""#, #"token_endpoint = "https://l.example/t?a=b""#),
        (#"revocation_endpoint = "https:/l.example/r""#, #"revocation_endpoint = "https://l.example/r""#),
        (#"resource = "git.example.com""#, #"resource = "https://git.example.com""#),
        (#"redirect_uri = "127.0.0.1/callback""#, #"redirect_uri = "http://127.0.0.1/callback""#),
        (#"redirect_uri = "https://localhost:9/""#, #"redirect_uri = "http://localhost:9/""#),
        // Missing quotes
        ("issuer = https://login.example.com", #"issuer = "https://login.example.com""#),
        ("client_id = \u{201C}b\u{201D}", #"client_id = "b""#),
        ("issuer = https://login.example.com # ours", #"issuer = "https://login.example.com""#),
        ("client_id = abc", #"client_id = "abc""#), ("flow=device", #"flow = "device""#),
        ("scopes = read, write", #"scopes = ["read", "write"]"#),
        // A word that is nearly right
        (#"provider = "gitlap""#, #"provider = "gitlab""#), (#"provider = "forgejjo""#, #"provider = "forgejo""#),
        (#"provider = "gitlab-ce""#, #"provider = "gitlab""#), (#"flow = "devise""#, #"flow = "device""#),
        (#"client_authentication = "client_secret_pots""#, #"client_authentication = "client_secret_post""#),
        // Another type
        ("client_id = 0017", #"client_id = "0017""#), ("client_id = 17 # ours", #"client_id = "17""#),
        (#"account = ["alice"]"#, #"account = "alice""#),
        (
            #"mail = ["Smtp.example.com:25", "https://imap.example.com/"]"#,
            #"mail = ["smtp.example.com:25", "imap.example.com"]"#
        ),
        (#"endpoint_hosts = "https://l.example""#, #"endpoint_hosts = ["l.example"]"#),
    ]

    @Test(arguments: values)
    func `that sets a key has the line to write`(_ line: String, _ right: String) async throws {
        #expect(try await proposal(for: "[host.\"https://h\"]\n\(line)\n") == right)
    }

    @Test(arguments: [
        ("login_timeout = \"5m\"", "login_timeout = 300"), ("min_ttl = '2 hours'", "min_ttl = 7200"),
        ("login_timeout = 0", "login_timeout = 300"), ("min_ttl = 100000", "min_ttl = 86400"),
        ("login_timeout = \"99999999999999999999\"", "login_timeout = 300"),
        ("interaction = \"nver\"", "interaction = \"never\""),
        ("store = \"memroy\"", "store = \"memory\""), ("[[host.\"https://h\"]]", "[host.\"https://h\"]"),
        ("[host]\n\"https://h\" = \"c\"", "[host.\"https://h\"]"),
    ])
    func `outside the keys of a host has the line to write, which is right`(_ text: String, _ right: String)
        async throws
    {
        #expect(try await proposal(for: text) == right)
        #expect(throws: Never.self) { try TOMLConfiguration(right + "\n", file: "f").decode() }
    }

    @Test(arguments: [
        "[host.\"https://h\"]\nredirect_uri = \"https://callback.example/\"", "[host.\"ftp://h\"]", "[x]", "a = \"b",
        "[host.\"https://h\"]\nca_file = 7", "[host.\"https://h\"]\nprovider = \"svn\"",
        "[host.\"https://h\"]\naccount = [\"a\", \"b\"]", "[host.\"https://h\"]\npkce = \"\"",
        "[host.\"https://h\"]\nisuer = \"https://l\"", "[host]\nx = 1", "x = {",
    ])
    func `has none if keyfob cannot guess it`(_ text: String) async throws {
        #expect(try await proposal(for: text) == nil)
    }
}
