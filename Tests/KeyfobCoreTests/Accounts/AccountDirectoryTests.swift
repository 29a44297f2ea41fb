import Addresses
import CredentialProtocol
import OAuth
import Secrets
import Testing

@testable import KeyfobCore

@Suite struct `The directory of accounts` {
    private static func configuration(_ more: String = "") throws -> Configuration {
        try TOMLConfiguration(
            "[host.\"https://git.example.com\"]\nissuer = \"https://login.example.com\"\nclient_id = \"c\"\n\(more)\n",
            file: "f"
        ).decode()
    }

    private static func git(_ more: String = "") -> GitSettings {
        let output =
            "credential.oauthclientid\nid\0credential.oauthauthurl\n/a\0credential.oauthtokenurl\n/t\0" + more
        return GitSettings(output: Array(output.utf8))
    }

    // MARK: Which account

    /// The lines of the configuration (`username`, `account`), the name on the command line, the user name in the
    /// request; the account name that follows.
    static let names: [([String], String?, String?, String?)] = [
        ([], nil, nil, nil), ([], nil, "alice", "alice"), ([], nil, "", nil), ([], nil, "oauth2", nil),
        ([], "work", nil, "work"), ([], "work", "alice", "work"), ([], "work", "oauth2", "work"),
        // Services want such user names beside a token. They name no account, at any service
        (["username = \"x-token\""], nil, "x-token", nil), (["username = \"x-token\""], nil, "alice", "alice"),
        ([], nil, "hf_user", nil), ([], nil, "git-keyfob", nil), ([], nil, "git", nil), ([], nil, "token", nil),
        ([], nil, "gitlab-ci-token", nil), ([], nil, "x-oauth-basic", nil), ([], nil, "__token__", nil),
        ([], nil, "x-bitbucket-api-token-auth", nil), ([], nil, "gitta", "gitta"), ([], "git", nil, "git"),
        (["username = \"x-token\""], nil, "oauth2", nil), (["username = \"x-token\""], nil, nil, nil),
        // The configured account counts if neither the command line nor the request names another one
        (["account = \"bob\""], nil, nil, "bob"), (["account = \"bob\""], nil, "oauth2", "bob"),
        (["account = \"bob\""], nil, "alice", "alice"), (["account = \"bob\""], nil, "bob", "bob"),
        (["account = \"bob\""], "work", "alice", "work"),
        (["account = \"bob\"", "username = \"x\""], nil, "x", "bob"),
    ]

    @Test(arguments: names)
    func `The account name comes from the command line, else from the request, else from the configuration`(
        _ lines: [String], _ commandLine: String?, _ username: String?, _ name: String?
    ) throws {
        let directory = AccountDirectory(
            configuration: try Self.configuration(lines.joined(separator: "\n")), accountName: commandLine)
        let account = try #require(try directory.configuredAccount(for: .git(username: username)))
        #expect(account.name == name)
    }

    @Test func `An account has the configured scopes and those of the request, each once`() throws {
        let directory = AccountDirectory(configuration: try Self.configuration("scopes = [\"b\", \"a\"]"))
        var request = CredentialRequest.git()
        #expect(try directory.configuredAccount(for: request)?.scopes == ["b", "a"])
        request.scope = ["c", "a", "d"]
        #expect(try directory.configuredAccount(for: request)?.scopes == ["b", "a", "c", "d"])
    }

    /// The server in the configuration, the server in the list of approved services; the reach that follows.
    static let reaches: [(String, String, Configuration.Reach?)] = [
        ("", "issuer = \"https://l\"\nreach = \"service\"", .service),
        ("", "issuer = \"https://l\"\nreach = \"private\"", .privateNetworks),
        ("", "issuer = \"https://l\"", nil),
        ("scopes = []", "issuer = \"https://l\"\nreach = \"service\"", .service),
        // The reach of an approved server does not limit another server that the user has configured
        ("issuer = \"https://mine\"", "issuer = \"https://l\"\nreach = \"service\"", nil),
        ("issuer = \"https://mine\"\nreach = \"service\"", "issuer = \"https://l\"", .service),
    ]

    @Test(arguments: reaches)
    func `The reach of an approved server limits its addresses, not those of a configured server`(
        _ configured: String, _ approved: String, _ reach: Configuration.Reach?
    ) throws {
        let service = "https://git.example.com"
        var configuration = Configuration()
        for text in [configured, approved] {
            configuration.hosts += try TOMLConfiguration("[host.\"\(service)\"]\n\(text)\n", file: "f").decode().hosts
        }
        let account = try AccountDirectory(configuration: configuration).configuredAccount(for: .git())
        let url = try EndpointURL(service)
        let addresses: Reach =
            switch reach {
            case .service: .asPublicAs(url)
            case .privateNetworks: .privateNetworks(of: url)
            case nil: .anywhere
            }
        #expect(account?.addresses == addresses)
    }

    /// keyfob sends no request to these hosts. Their reach must be stored and applied nevertheless.
    @Test(arguments: [
        "169.254.169.254", "224.0.0.1", "0.0.0.0", "[fe80::1]", "[ff02::1]", "[::ffff:10.0.0.1]", "[64:ff9b::1]",
    ])
    func `The configured reach applies to every service`(host: String) throws {
        var account = Account(service: try ServiceURL("https://\(host)/x"), server: .issuer("https://l"), client: nil)
        #expect(throws: EndpointURL.ParsingError.self) { try EndpointURL(account.service.description) }
        #expect(account.addresses == .anywhere)
        let resource = Reach.Resource(account.service)
        account.reach = .service
        #expect(account.addresses == .asPublicAs(resource))
        account.reach = .privateNetworks
        #expect(account.addresses == .privateNetworks(of: resource))
        #expect(!account.service.isLoopback)
    }

    @Test func `An account has the values of the configuration`() throws {
        let directory = AccountDirectory(
            configuration: try Self.configuration(
                "resource = \"https://r\"\npkce = \"assumed\"\nca_file = \"/ca\"\nusername = \"x\"\n"
                    + "redirect_uri = \"http://localhost:1/\""))
        let account = try #require(try directory.configuredAccount(for: .git(path: "team/x.git")))
        #expect(account.service.description == "https://git.example.com")
        #expect(account.server == .issuer("https://login.example.com"))
        #expect(account.client == Client(id: "c"))
        #expect(account.resource == "https://r")
        #expect(account.pkce == .assumed)
        #expect(account.certificateAuthorityFile == "/ca")
        #expect(account.username == "x")
        #expect(account.redirect == (try RedirectTemplate("http://localhost:1/")))
        #expect(account.minTTL == 300)
        #expect(account.loginDeadline == .seconds(300))
    }

    @Test func `An account has the configured times in seconds`() throws {
        var configuration = try Self.configuration()
        configuration.minTTL = 7
        configuration.loginTimeout = 8
        let account = try AccountDirectory(configuration: configuration).configuredAccount(for: .git())
        #expect(account?.minTTL == 7)
        #expect(account?.loginDeadline == .seconds(8))
    }

    /// Issuers, and whether they belong to Microsoft Entra.
    static let issuers = [
        ("https://login.microsoftonline.com/TENANT/v2.0", true), ("https://login.microsoftonline.us/t/v2.0", true),
        ("https://login.partner.microsoftonline.cn/t/v2.0", true), ("https://login.example.com", false),
        ("https://login.microsoftonline.com.evil.example/t", false),
    ]

    @Test(arguments: issuers)
    func `Entra gets no resource, and keyfob assumes that it supports PKCE`(_ issuer: String, _ isEntra: Bool) throws {
        for more in ["", "pkce = \"required\""] {
            let configuration = try TOMLConfiguration(
                "[host.\"https://git.example.com\"]\nissuer = \"\(issuer)\"\nresource = \"https://r\"\n\(more)\n",
                file: "f"
            ).decode()
            var request = CredentialRequest.git()
            let directory = AccountDirectory(configuration: configuration)
            #expect(try directory.configuredAccount(for: request)?.resource == (isEntra ? nil : "https://r"))
            request.resource = "https://other"
            let account = try #require(try directory.configuredAccount(for: request))
            #expect(account.resource == (isEntra ? nil : "https://other"))
            #expect(account.pkce == (isEntra && more.isEmpty ? .assumed : .required))
        }
    }

    @Test(arguments: [("dev.azure.com", true), ("contoso.visualstudio.com", true), ("github.com", false)])
    func `The user name in URLs of Azure DevOps is an organisation's`(_ host: String, _ isOrganisation: Bool) throws {
        let configuration = try TOMLConfiguration(
            "[host.\"https://\(host)\"]\nclient_id = \"c\"\n", file: "f"
        ).decode()
        let request = CredentialRequest.git(host, username: "contoso")
        let account = try AccountDirectory(configuration: configuration).configuredAccount(for: request)
        #expect(account?.nameSource == (isOrganisation ? .urlOfOrganisation : .url))
        let chosen = AccountDirectory(configuration: configuration, accountName: "contoso")
        #expect(try chosen.configuredAccount(for: request)?.nameSource == .user)
    }

    @Test func `Azure DevOps gets no resource`() throws {
        let configuration = try TOMLConfiguration(
            "[host.\"https://dev.azure.com\"]\nclient_id = \"c\"\nresource = \"https://r\"\n", file: "f"
        ).decode()
        let account = try AccountDirectory(configuration: configuration).configuredAccount(for: .git("dev.azure.com"))
        #expect(account?.resource == nil)
        #expect(account?.pkce == .assumed)
    }

    @Test func `The configuration can choose another parameter for the resource`() throws {
        let resource = "resource = \"https://r\"\n"
        for (more, parameter) in [("", Configuration.ResourceParameter.resource), ("audience", .audience)] {
            let line = more.isEmpty ? "" : "resource_parameter = \"\(more)\"\n"
            let account = try AccountDirectory(configuration: try Self.configuration(resource + line))
                .configuredAccount(for: .git())
            #expect(account?.resource == "https://r")
            #expect(account?.resourceParameter == parameter)
        }
    }

    @Test func `The resource of the request counts more than the configured one`() throws {
        let directory = AccountDirectory(configuration: try Self.configuration("resource = \"https://r\""))
        var request = CredentialRequest.git()
        request.resource = "https://other"
        #expect(try directory.configuredAccount(for: request)?.resource == "https://other")
    }

    // MARK: The source of an account

    @Test func `If the configuration has the account, git's settings are not read`() async throws {
        struct NotToBeRead: Error {}
        let directory = AccountDirectory(
            configuration: try Self.configuration(), gitSettings: { _ in throw NotToBeRead() })
        #expect(try await directory.account(for: .git())?.client?.id == "c")
        await #expect(throws: NotToBeRead.self) { try await directory.account(for: .git("example.org")) }
    }

    @Test(arguments: [
        (CredentialRequest.git("example.org"), true), (.git("localhost:1", protocolName: "http"), true),
        (.git("[::1]", protocolName: "http"), true), (.git("127.1.2.3", protocolName: "http"), true),
        // Without TLS, or with a protocol that keyfob does not serve
        (.git("example.org", protocolName: "http"), false), (.git("example.org", protocolName: "smtp"), false),
        (.git("", protocolName: "cert", path: "x"), false),
        (.git("127.0.0.1.example.org", protocolName: "http"), false),
    ])
    func `git's settings count for https, and for http on this machine`(
        _ request: CredentialRequest, _ isServed: Bool
    ) async throws {
        let directory = AccountDirectory(configuration: Configuration(), gitSettings: { _ in Self.git() })
        #expect(try await (directory.account(for: request) != nil) == isServed)
    }

    @Test func `An account from git's settings serves the whole origin`() async throws {
        let settings = Self.git("credential.username\nalice\0credential.oauthscopes\na b\0")
        let directory = AccountDirectory(configuration: Configuration(), gitSettings: { _ in settings })
        let account = try #require(try await directory.account(for: .git("h:8443", path: "team/x", username: "bob")))
        #expect(account.service.description == "https://h:8443")
        #expect(account.username == "alice")
        #expect(account.name == "bob")
        #expect(account.scopes == ["a", "b"])
        #expect(account.pkce == .assumed)
        #expect(account.server.identifier == "https://h:8443/t")
    }

    @Test func `A service has no account if neither the configuration nor git's settings have one`() async throws {
        let directory = AccountDirectory(configuration: try Self.configuration())
        for request in [
            CredentialRequest.git("example.org"), .git(protocolName: "http"), .git("git.example.com:444"),
            .git("git.example.com.example.org"), .git(protocolName: "ftp"),
        ] {
            #expect(try await directory.account(for: request) == nil)
        }
    }
}

@Suite struct `The id of an account` {
    @Test func `has 32 hexadecimal digits, which are the same each time and in each process`() throws {
        let account = try Account.example()
        #expect(account.id.utf8.count == 32)
        #expect(account.id.allSatisfy { $0.isHexDigit && !$0.isUppercase })
        #expect(try Account.example().id == account.id)
        // A fixed id: every later version must find the data that are stored under it.
        #expect(account.id == "0ce26d4c00537312b732aeb1634b2832")
    }

    @Test func `changes if a fact changes that makes it another account`() throws {
        let changes: [(inout Account) throws -> Void] = [
            { _ in }, { $0.client?.id = "other" }, { $0.service = try ServiceURL("https://git.example.com/x") },
            { $0.service = try ServiceURL("https://git.example.com:444") }, { $0.name = "alice" },
            { $0.name = "bob" }, { $0.resource = "https://git.example.com/" }, { $0.resource = "alice" },
            { $0.server = .issuer("https://login.example.com") }, { $0.server = .issuer("https://login.example.com/") },
        ]
        let ids = try changes.map { try Account.example($0).id }
        #expect(Set(ids).count == ids.count)
    }

    @Test func `stays the same if any other fact changes`() throws {
        let id = try Account.example().id
        let changes: [(inout Account) throws -> Void] = [
            { $0.scopes = ["write"] }, { $0.username = "x" }, { $0.minTTL = 1 }, { $0.pkce = .assumed },
            { $0.client?.secret = Secret("s") }, { $0.certificateAuthorityFile = "/ca" },
            { $0.redirect = try RedirectTemplate("http://localhost/") }, { $0.loginDeadline = .seconds(1) },
            { $0.service = try ServiceURL("HTTPS://git.example.com:443/") },
        ]
        for change in changes { #expect(try Account.example(change).id == id) }
    }
}
