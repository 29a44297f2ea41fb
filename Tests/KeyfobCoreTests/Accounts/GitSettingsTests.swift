import Addresses
import CredentialProtocol
import OAuth
import Secrets
import Testing

@testable import KeyfobCore

/// The output of `git config -z --get-urlmatch credential URL`, and its meaning.
@Suite struct `git's settings` {
    private static let url = "https://git.example.com:8443/team/project.git"

    /// The settings under `credential` for these names and values.
    private func settings(_ values: (String, String)...) -> GitSettings {
        GitSettings(output: Array(values.map { "credential.\($0.0)\n\($0.1)\0" }.joined().utf8))
    }

    private func client(_ values: (String, String)...) throws -> GitSettings.OAuthClient? {
        let output = values.map { "credential.\($0.0)\n\($0.1)\0" }.joined()
        return try GitSettings(output: Array(output.utf8)).oauth(for: try ServiceURL(Self.url))
    }

    private static let complete = [
        ("oauthclientid", "id"), ("oauthauthurl", "/login/oauth/authorize"), ("oauthtokenurl", "/login/oauth/token"),
    ]

    @Test func `are empty if git prints none`() throws {
        for output in ["", "\0", "\0\0", "\n\0", "credential\0", "user.name\nalice\0"] {
            let settings = GitSettings(output: Array(output.utf8))
            #expect(!settings.declinesInteraction)
            #expect(try settings.oauth(for: try ServiceURL(Self.url)) == nil)
        }
    }

    @Test func `are names and values, each followed by NUL`() throws {
        let before = "credential.helper\nkeyfob\0credential.flag\0credential.userName\nalice=a b\0"
        let output = before + Self.complete.map { "credential.\($0)\n\($1)\0" }.joined()
        let found = try GitSettings(output: Array(output.utf8)).oauth(for: try ServiceURL(Self.url))
        #expect(found?.host.username == "alice=a b")
        #expect(try username("a", "b") == "b")
    }

    @Test(arguments: ["a\nb", "a\u{1B}[2J", "", "a\u{7F}"])
    func `have no user name that git's protocol could not carry`(_ username: String) throws {
        #expect(try self.username(username) == nil)
    }

    private func username(_ names: String...) throws -> String? {
        let values = Self.complete + names.map { ("username", $0) }
        let output = values.map { "credential.\($0)\n\($1)\0" }.joined()
        return try #require(try GitSettings(output: Array(output.utf8)).oauth(for: try ServiceURL(Self.url))).host
            .username
    }

    @Test(arguments: [
        // Each of git's spellings of false, and `never` of Git Credential Manager
        ("false", true), ("False", true), ("no", true), ("off", true), ("0", true), ("never", true), ("NEVER", true),
        ("", true), ("true", false), ("1", false), ("yes", false), ("auto", false), ("always", false), ("maybe", true),
    ])
    func `decline interaction if credential.interactive is false or never`(_ value: String, _ declines: Bool) {
        #expect(settings(("interactive", value)).declinesInteraction == declines)
    }

    @Test func `describe a public client, with endpoints on the service's own origin`() throws {
        let client = try #require(
            try self.client(Self.complete[0], Self.complete[1], Self.complete[2], ("oauthdeviceauthurl", "/device")))
        #expect(client.client == Client(id: "id"))
        let metadata = try #require(client.server.written)
        #expect(metadata.issuer == nil)
        #expect(metadata.authorizationEndpoint.string == "https://git.example.com:8443/login/oauth/authorize")
        #expect(metadata.tokenEndpoint.string == "https://git.example.com:8443/login/oauth/token")
        #expect(metadata.deviceAuthorizationEndpoint?.string == "https://git.example.com:8443/device")
        #expect(client.host.scopes == nil && client.host.redirect == nil)
    }

    @Test func `describe a client with a secret, and endpoints at another host`() throws {
        let client = try #require(
            try self.client(
                ("oauthclientid", "id"), ("oauthclientsecret", "s"), ("oauthauthurl", "https://l.example.com/a?x=y"),
                ("oauthtokenurl", "https://l.example.com/t"), ("oauthredirecturl", "http://localhost:34106/")))
        #expect(client.client == Client(id: "id", secret: Secret("s"), authentication: .post))
        #expect(client.host.authorizationEndpoint?.string == "https://l.example.com/a?x=y")
        #expect(client.host.redirect == (try RedirectTemplate("http://localhost:34106/")))
    }

    @Test(arguments: [
        ("read write", ["read", "write"]), ("read,write", ["read", "write"]), (" read,  write ", ["read", "write"]),
        ("read\n\twrite", ["read", "write"]),
        ("", []), ("a:b/c", ["a:b/c"]),
    ])
    func `separate scopes by spaces or commas, as git-credential-oauth does`(_ value: String, _ scopes: [String]) throws
    {
        let found = try client(Self.complete[0], Self.complete[1], Self.complete[2], ("oauthscopes", value))
        #expect(found?.host.scopes ?? [] == scopes)
    }

    @Test func `describe no client without an id or without both endpoints`() throws {
        for absent in 0..<3 {
            let values = Self.complete.enumerated().map { ($1.0, $0 == absent ? "" : $1.1) }
            #expect(try client(values[0], values[1], values[2]) == nil)
        }
        #expect(try client(("oauthclientid", "id")) == nil)
        #expect(try client(Self.complete[1], Self.complete[2]) == nil)
    }

    private static let manager = [
        ("oauthclientid", "id"), ("oauthauthorizeendpoint", "/login/oauth/authorize"),
        ("oauthtokenendpoint", "/login/oauth/token"),
    ]

    /// An endpoint as it is written, and as it is read.
    @Test(arguments: [
        ("login/oauth/authorize", "https://git.example.com:8443/login/oauth/authorize"),
        ("authorize", "https://git.example.com:8443/authorize"), ("https://l.example/a", "https://l.example/a"),
    ])
    func `have endpoints below the host of the service`(_ written: String, _ url: String) throws {
        let settings = [("oauthclientid", "id"), ("oauthauthurl", written), ("oauthtokenurl", "/token")]
        let values = settings.map { "credential.\($0)\n\($1)\0" }.joined()
        let found = try GitSettings(output: Array(values.utf8)).oauth(for: try ServiceURL(Self.url))
        #expect(try #require(found?.server.written).authorizationEndpoint.string == url)
    }

    @Test(arguments: ["login.example/authorize", "//login.example/a", "login:8443/a"])
    func `have no host without a scheme`(_ written: String) throws {
        let settings = [("oauthclientid", "id"), ("oauthauthurl", written), ("oauthtokenurl", "/token")]
        let values = settings.map { "credential.\($0)\n\($1)\0" }.joined()
        #expect(throws: ConfigurationError.self) {
            try GitSettings(output: Array(values.utf8)).oauth(for: try ServiceURL(Self.url))
        }
    }

    @Test func `describe a client by the names of Git Credential Manager`() throws {
        let more = [
            ("oauthdeviceendpoint", "/device"), ("oauthredirecturi", "http://127.0.0.1/"),
            ("oauthscopes", "read write"),
            ("oauthdefaultusername", "TOKEN"), ("oauthclientsecret", "s"), ("oauthresponsemode", "Query"),
        ]
        let values = (Self.manager + more).map { "credential.\($0)\n\($1)\0" }.joined()
        let found = try GitSettings(output: Array(values.utf8)).oauth(for: try ServiceURL(Self.url))
        let client = try #require(found)
        #expect(client.client == Client(id: "id", secret: Secret("s"), authentication: .basic))
        let metadata = try #require(client.server.written)
        #expect(metadata.authorizationEndpoint.string == "https://git.example.com:8443/login/oauth/authorize")
        #expect(metadata.tokenEndpoint.string == "https://git.example.com:8443/login/oauth/token")
        #expect(metadata.deviceAuthorizationEndpoint?.string == "https://git.example.com:8443/device")
        #expect(client.host.redirect == (try RedirectTemplate("http://127.0.0.1/")))
        #expect(client.host.scopes == ["read", "write"])
        #expect(client.host.username == "TOKEN")
    }

    @Test(arguments: [
        ("true", ClientAuthentication.basic), ("1", .basic), ("YES", .basic), ("false", .post), ("0", .post),
        ("no", .post),
    ])
    func `say how Git Credential Manager sends the client's secret`(
        _ value: String, _ authentication: ClientAuthentication
    ) throws {
        let secret = ("oauthclientsecret", "s")
        let header = ("oauthuseclientauthheader", value)
        let found = try client(Self.manager[0], Self.manager[1], Self.manager[2], secret, header)
        #expect(found?.client.authentication == authentication)
    }

    @Test func `count by git-credential-oauth's name if both helpers' names are set`() throws {
        let found = try client(
            Self.complete[0], Self.complete[1], Self.complete[2], ("oauthtokenendpoint", "/other"),
            ("username", "first"), ("oauthdefaultusername", "second"))
        #expect(found?.server.written?.tokenEndpoint.string == "https://git.example.com:8443/login/oauth/token")
        #expect(found?.host.username == "first")
    }

    @Test(arguments: ["form_post", "fragment", "POST"])
    func `with another response mode than query are an error that says so`(_ mode: String) throws {
        let error = try #require(throws: ConfigurationError.self) {
            try client(Self.manager[0], Self.manager[1], Self.manager[2], ("oauthresponsemode", mode))
        }
        #expect(error.key == "credential.https://git.example.com:8443.oauthResponseMode")
        #expect(error.problem == .notAllowed(value: mode, allowed: ["query"]))
    }

    @Test(arguments: [
        // Another host that looks like a path; without TLS; parts that an endpoint must not have
        ("oauthtokenurl", "//evil.example/t", "oauthTokenURL"),
        ("oauthtokenurl", "http://l.example.com/t", "oauthTokenURL"),
        ("oauthtokenurl", "t.example", "oauthTokenURL"), ("oauthtokenurl", "/a b", "oauthTokenURL"),
        ("oauthtokenurl", "/t#x", "oauthTokenURL"), ("oauthtokenurl", "/a\nb", "oauthTokenURL"),
        ("oauthauthurl", "https://u:p@l.example.com/", "oauthAuthURL"),
        ("oauthauthurl", "file:///etc/passwd", "oauthAuthURL"),
        ("oauthdeviceauthurl", "ftp://l.example.com", "oauthDeviceAuthURL"),
        ("oauthredirecturl", "https://evil.example/", "oauthRedirectURL"),
        ("oauthredirecturl", "http://evil.example/", "oauthRedirectURL"),
        ("oauthredirecturi", "http://evil.example/", "oauthRedirectUri"),
        ("oauthdeviceendpoint", "//evil.example/d", "oauthDeviceEndpoint"),
    ])
    func `with a bad URL are an error that names the setting`(
        _ name: String, _ value: String, _ written: String
    ) throws {
        let error = try #require(throws: ConfigurationError.self) {
            try client(Self.complete[0], Self.complete[1], Self.complete[2], (name, value))
        }
        #expect(
            error
                == ConfigurationError(
                    file: "git configuration", line: nil, key: "credential.https://git.example.com:8443.\(written)",
                    problem: .badURL(value: value)))
    }
}
