import Addresses
import CredentialProtocol
import OAuth
import Testing

@testable import KeyfobCore

@Suite struct `Known hosts` {
    private static let selfManaged = "https://git.example.com"

    /// A service that a row describes: its first host, or a self-managed one.
    private static func service(of row: KnownHost) throws -> ServiceURL {
        let host = row.hosts.first.map { $0.hasPrefix(".") ? "https://name\($0)" : "https://\($0)" }
        return try ServiceURL(host ?? selfManaged)
    }

    private static func endpoints(of server: Account.ServerLocation) throws -> [EndpointURL] {
        switch server {
        case .issuer(let issuer, let device, let revocation):
            return [try EndpointURL(issuer), device, revocation].compactMap(\.self)
        case .endpoints(let metadata):
            return [
                metadata.authorizationEndpoint, metadata.tokenEndpoint, metadata.deviceAuthorizationEndpoint,
                metadata.revocationEndpoint,
            ].compactMap(\.self)
        }
    }

    // MARK: Each row

    @Test(arguments: KnownHost.rows)
    func `Each row uses https only, and has a registration page and scopes`(_ row: KnownHost) throws {
        let service = try Self.service(of: row)
        let endpoints = try Self.endpoints(of: try #require(row.server(for: service)))
        #expect(endpoints.allSatisfy { $0.scheme == "https" && $0.query == nil })
        #expect(try EndpointURL(try #require(row.registrationPage(for: service))).scheme == "https")
        #expect(!row.scopes.isEmpty && row.scopes.allSatisfy { !$0.isEmpty && !$0.contains(" ") })
        #expect(row.username?.isEmpty != true)
    }

    @Test(arguments: KnownHost.rows)
    func `A row with endpoints assumes PKCE, because no metadata announce S256`(
        _ row: KnownHost
    ) {
        if case .endpoints = row.shape { #expect(row.pkce == .assumed) }
    }

    @Test(arguments: KnownHost.rows)
    func `Each remark fits on a line`(_ row: KnownHost) {
        let said = row.quirks + [row.name]
        #expect(said.allSatisfy { !$0.isEmpty && $0.utf8.allSatisfy { (0x20...0x7E).contains($0) } })
    }

    @Test func `A row whose redirect URI must have a fixed port has one port`() throws {
        for provider in ["bitbucket", "bitbucket-data-center"] {
            let row = try #require(KnownHost.match(try ServiceURL(Self.selfManaged), provider: provider))
            #expect(row.redirect?.ports.count == 1)
        }
        let azure = try #require(KnownHost.match(try ServiceURL("https://dev.azure.com/team"), provider: nil))
        #expect(azure.redirect == (try RedirectTemplate("http://localhost/callback")))
    }

    // MARK: Rows found by the host

    /// A service, and the name of its row.
    static let hosted = [
        ("https://github.com/a/b.git", "GitHub"), ("https://GitHub.COM", "GitHub"),
        ("https://github.com:443", "GitHub"),
        ("https://gist.github.com/abc.git", "GitHub"), ("https://octocorp.ghe.com/a/b", "GitHub Enterprise Cloud"),
        ("https://gitlab.com/a/b", "GitLab"), ("https://salsa.debian.org/a/b", "GitLab"),
        ("https://codeberg.org/a/b", "Gitea or Forgejo"), ("https://gitea.com/a/b", "Gitea or Forgejo"),
        ("https://bitbucket.org/a/b", "Bitbucket Cloud"), ("https://dev.azure.com/a/b/_git/c", "Azure DevOps"),
        ("https://team.visualstudio.com/_git/c", "Azure DevOps"),
        ("https://chromium.googlesource.com/a", "Google Source"), ("https://a.b.googlesource.com/c", "Google Source"),
        ("https://huggingface.co/a/b", "Hugging Face"), ("https://hf.co/a/b", "Hugging Face"),
        ("https://mail.google.com", "Gmail"), ("https://outlook.office.com", "Outlook"),
        ("https://mail.yahoo.com", "Yahoo Mail"), ("https://www.fastmail.com", "Fastmail"),
    ]

    @Test(arguments: hosted)
    func `A host in the table is found without any request`(_ url: String, _ name: String) throws {
        #expect(KnownHost.match(try ServiceURL(url), provider: nil)?.name == name)
        // The user's `provider` for another host does not change a host in the table.
        #expect(KnownHost.match(try ServiceURL(url), provider: "bitbucket-data-center")?.name == name)
    }

    static let strangers = [
        // A longer name that contains a known one
        "https://github.com.example.net", "https://notgithub.com", "https://evil-github.com", "https://www.github.com",
        "https://api.github.com", "https://gitlab.com.evil.example", "https://xgitlab.com", "https://a.gitlab.com",
        "https://dev.azure.com.example.net", "https://evildev.azure.com", "https://a.dev.azure.com",
        // A suffix begins at a label's border, and needs a label before it
        "https://evilvisualstudio.com", "https://visualstudio.com", "https://a.visualstudio.com.example.net",
        "https://googlesource.com", "https://evilgooglesource.com", "https://a.googlesource.com.example.net",
        "https://ghe.com", "https://evilghe.com", "https://xn--githb-mva.com",
        // Another port or another protocol is another service
        "https://github.com:8443", "http://github.com", "http://github.com:443", "http://a.googlesource.com",
        // A known name in the wrong place
        "https://git.example.com/github.com", "https://127.0.0.1/github.com", "http://localhost",
    ]

    @Test(arguments: strangers)
    func `A host with a similar name has no row`(_ url: String) throws {
        #expect(KnownHost.match(try ServiceURL(url), provider: nil) == nil)
        #expect(KnownHost.match(try ServiceURL(url), provider: "unheard-of") == nil)
    }

    // MARK: Rows found by the configured provider

    @Test func `The configuration may name these providers`() {
        #expect(
            KnownHost.providers == [
                "github", "gitlab", "gitea", "forgejo", "bitbucket", "bitbucket-data-center", "azure-devops",
                "google-source", "huggingface", "gmail", "outlook", "yahoo", "fastmail",
            ])
    }

    @Test(arguments: KnownHost.providers)
    func `A provider that the user names applies to any service`(_ provider: String) throws {
        let row = KnownHost.match(try ServiceURL("https://git.example.com:8443/x"), provider: provider)
        #expect(row?.provider == provider)
    }

    /// A provider, and the identifier of the authorization server for git.example.com:8443.
    static let selfManagedServers = [
        ("github", "https://git.example.com:8443/login/oauth/access_token"),
        ("gitlab", "https://git.example.com:8443"), ("gitea", "https://git.example.com:8443"),
        ("forgejo", "https://git.example.com:8443"),
        // It may be below a path.
        ("bitbucket-data-center", "https://git.example.com:8443/team/rest/oauth2/latest/token"),
        // These have one server for all services
        ("bitbucket", "https://bitbucket.org/site/oauth2/access_token"),
        ("azure-devops", "https://login.microsoftonline.com/organizations/oauth2/v2.0/token"),
        ("google-source", "https://accounts.google.com"), ("huggingface", "https://huggingface.co"),
        ("gmail", "https://accounts.google.com"),
        ("outlook", "https://login.microsoftonline.com/common/oauth2/v2.0/token"),
        ("yahoo", "https://api.login.yahoo.com/oauth2/get_token"),
        ("fastmail", "https://api.fastmail.com/oauth/refresh"),
    ]

    @Test(arguments: selfManagedServers)
    func `A self-managed service is its own authorization server if its provider works that way`(
        _ provider: String, _ identifier: String
    ) throws {
        let service = try ServiceURL("https://git.example.com:8443/team")
        let row = try #require(KnownHost.match(service, provider: provider))
        #expect(row.server(for: service)?.identifier == identifier)
    }

    @Test func `GitHub's server and a GitHub Enterprise Server are never used for one another`() throws {
        let own = try ServiceURL("https://git.example.com")
        let row = try #require(KnownHost.match(own, provider: "github"))
        #expect(row.name == "GitHub Enterprise Server")
        #expect(row.registrationPage(for: own) == "https://git.example.com/settings/applications/new")

        let gist = try ServiceURL("https://gist.github.com/x")
        let hosted = try #require(KnownHost.match(gist, provider: nil))
        #expect(hosted.server(for: gist)?.identifier == "https://github.com/login/oauth/access_token")
        #expect(hosted.registrationPage(for: gist) == "https://github.com/settings/applications/new")
    }

    @Test func `A row gives no server for http, except on loopback`() throws {
        let row = try #require(KnownHost.match(try ServiceURL(Self.selfManaged), provider: "gitea"))
        let clear = try ServiceURL("http://git.example.com")
        #expect(row.server(for: clear) == nil)
        #expect(row.registrationPage(for: clear) == nil)
        #expect(row.server(for: try ServiceURL("http://127.0.0.1:3000")) == .issuer("http://127.0.0.1:3000"))
    }
}
