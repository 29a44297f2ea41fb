import Addresses
import CredentialProtocol
import OAuth
import TestSupport
import Testing

@testable import KeyfobCore

/// Which program runs on a host of the user's own, and where.
@Suite struct `A forge on a host of one's own` {
    private static func challenge(_ realm: String) -> ScriptedTransport.Answer {
        .status(401, fields: [(name: "WWW-Authenticate", value: "Basic realm=\"\(realm)\"")])
    }

    private static func metadata(_ issuer: String, token: String, scopes: String = "[]") -> ScriptedTransport.Answer {
        let base = issuer.hasSuffix("/") ? String(issuer.dropLast()) : issuer
        return .json(
            """
            {"issuer":"\(issuer)","authorization_endpoint":"\(base)/login/oauth/authorize","token_endpoint":"\(token)",\
            "code_challenge_methods_supported":["S256"],"scopes_supported":\(scopes)}
            """)
    }

    @Test(
        arguments: [
            ("https://code.corp.example", "GitLab", "gitlab"), ("https://code.corp.example", "Gitea", "gitea"),
            ("https://code.corp.example", "GITHUB", "github"), ("https://code.corp.example", "Forgejo", "forgejo"),
            ("https://code.corp.example", "Atlassian Bitbucket", "bitbucket-data-center"),
            // The realm is more certain than the name.
            ("https://gitlab.corp.example", "Gitea", "gitea"), ("https://gitlab.corp.example", "x", "gitlab"),
            ("https://gitlab-ce.corp.example", nil, "gitlab"), ("https://git.gitea.example", nil, "gitea"),
            ("https://forgejo", nil, nil), ("https://forgejo.lan", nil, "forgejo"),
            ("https://bitbucket.corp.example:8443", nil, "bitbucket-data-center"),
            ("https://mygitlabs.example", nil, nil), ("https://code.corp.example", "git", nil),
            ("https://code.corp.example", "notgitlab", nil), ("https://github.com", "GitHub", nil),
        ] as [(String, String?, String?)])
    func `is guessed by the realm, then by the name`(_ origin: String, _ realm: String?, _ provider: String?)
        async throws
    {
        let place = origin + "/o/r/info/refs?service=git-upload-pack"
        let transport = ScriptedTransport(realm.map { [place: [Self.challenge($0)]] } ?? [:])
        let guess = await ForgeGuess.guess(try ServiceURL(origin + "/o/r"), over: transport)
        #expect(guess?.host.provider == provider)
        #expect(guess?.entry.provider == provider)
        let service = try ServiceURL(origin)
        #expect(guess == nil || guess?.entry.service == service)
        // The host named its server, so endpoints on other hosts need the user's consent.
        #expect(guess == nil || guess?.entry.reach == .service)
        #expect(transport.addresses.allSatisfy { $0.hasPrefix(origin + "/") })
    }

    private static let origin = "https://code.corp.example"

    @Test(
        arguments: [
            ("", "/login/oauth/access_token", "[]", "gitea", nil),
            ("/git", "/login/oauth/access_token", "[]", "gitea", "/git"),
            ("/git/", "/login/oauth/access_token", "[]", "gitea", "/git/"),
            ("/a/b", "/oauth/token", #"["read_repository"]"#, "gitlab", "/a/b"),
            // Other programs have that path too.
            ("/git", "/oauth/token", "[]", nil, nil), ("/a/b/c", "/login/oauth/access_token", "[]", nil, nil),
            ("/git", "/../login/oauth/access_token", "[]", nil, nil),
        ] as [(String, String, String, String?, String?)])
    func `is guessed by its metadata, also below a path`(
        _ path: String, _ token: String, _ scopes: String, _ provider: String?, _ issuer: String?
    ) async throws {
        let base = Self.origin + (path.hasSuffix("/") ? String(path.dropLast()) : path)
        let transport = ScriptedTransport([
            base + "/.well-known/openid-configuration": [
                Self.metadata(Self.origin + path, token: base + token, scopes: scopes)
            ]
        ])
        let guess = await ForgeGuess.guess(try ServiceURL(base + "/o/r"), over: transport)
        #expect(guess?.host.provider == provider)
        #expect(guess?.entry.issuer == issuer.map { Self.origin + $0 })
    }

    @Test func `is guessed by its name alone if it does not answer`() async throws {
        let origin = "https://gitlab.corp.example"
        let place = origin + "/o/r/info/refs?service=git-upload-pack"
        let transport = ScriptedTransport([place: [.failure(.unreachable(host: "h", reason: "x"))]])
        let guess = await ForgeGuess.guess(try ServiceURL(origin + "/o/r"), over: transport)
        #expect(guess?.sign == .name)
        #expect(transport.addresses == [place])
    }

    // MARK: A configured provider and a path

    private static func account(_ service: String, _ provider: String) throws -> Account {
        let service = try ServiceURL(service)
        let host = try #require(KnownHost.match(service, provider: provider))
        var account = Account(service: service, server: try #require(host.server(for: service)), client: nil)
        (account.provider, account.pkce) = (host, host.pkce ?? .required)
        return account
    }

    @Test(
        arguments: [
            ("gitea", "/git", "/git", "/login/oauth/access_token", "/git"),
            ("forgejo", "/git", "/git/", "/login/oauth/access_token", "/git/"),
            ("gitlab", "/gitlab", "/gitlab", "/oauth/token", "/gitlab"),
            // An organisation of a forge at the origin.
            ("gitea", "/org", "", "/login/oauth/access_token", ""),
            ("gitea", "", "", "/login/oauth/access_token", ""),
        ])
    func `has its metadata below the path, or at the origin`(
        _ provider: String, _ path: String, _ place: String, _ token: String, _ issuer: String
    ) async throws {
        let base = Self.origin + (place.hasSuffix("/") ? String(place.dropLast()) : place)
        let transport = ScriptedTransport([
            base + "/.well-known/openid-configuration": [
                Self.metadata(Self.origin + place, token: base + token, scopes: #"["read_repository"]"#)
            ]
        ])
        let account = try Self.account(Self.origin + path, provider)
        let metadata = try await account.serverMetadata(over: transport)
        #expect(metadata.issuer == Self.origin + issuer)
        let page = account.provider?.registrationPage(for: account.service, issuer: metadata.issuer)
        #expect(page?.hasPrefix(base + "/") == true)
    }

    @Test(arguments: ["https://evil.example/login/oauth/access_token", origin + "/login/oauth/access_token"])
    func `below a path has no endpoint elsewhere`(_ token: String) async throws {
        let transport = ScriptedTransport([
            Self.origin + "/git/.well-known/openid-configuration": [Self.metadata(Self.origin + "/git", token: token)]
        ])
        await #expect(throws: OAuthError.self) {
            try await Self.account(Self.origin + "/git", "gitea").serverMetadata(over: transport)
        }
    }

    @Test func `the metadata of another program at the origin do not hide a forge below the path`() async throws {
        let transport = ScriptedTransport([
            Self.origin + "/.well-known/openid-configuration": [
                Self.metadata(Self.origin, token: Self.origin + "/token")
            ],
            Self.origin + "/git/.well-known/openid-configuration": [
                Self.metadata(Self.origin + "/git", token: Self.origin + "/git/login/oauth/access_token")
            ],
        ])
        let metadata = try await Self.account(Self.origin + "/git", "gitea").serverMetadata(over: transport)
        #expect(metadata.issuer == Self.origin + "/git")
        // Without a forge there, those of the origin count.
        let other = try await Self.account(Self.origin + "/org", "gitea").serverMetadata(over: transport)
        #expect(other.issuer == Self.origin)
    }

    @Test(arguments: [
        ("/bitbucket", "/bitbucket"), ("/bitbucket/scm/p/r.git", "/bitbucket"), ("/scm/p/r.git", ""), ("", ""),
        ("/a/b/projects/p", "/a/b"), ("/scm", ""),
    ])
    func `Bitbucket's path is what comes before its own paths`(_ path: String, _ base: String) throws {
        let account = try Self.account(Self.origin + path, "bitbucket-data-center")
        guard case .endpoints(let metadata) = account.server else { Issue.record("no endpoints"); return }
        #expect(metadata.tokenEndpoint.string == Self.origin + base + "/rest/oauth2/latest/token")
    }

    /// git passes no path to a helper, so the entry for the whole host says where the program runs.
    @Test(arguments: [
        ("/bitbucket/scm/p/r.git", Optional("/bitbucket")), ("/scm/p/r.git", nil), ("/a/b/projects/p", "/a/b"),
    ])
    func `is written down with the path of Bitbucket`(_ path: String, _ base: String?) async throws {
        let origin = "https://bitbucket.corp.example"
        let place = origin + path + "/info/refs?service=git-upload-pack"
        let transport = ScriptedTransport([place: [Self.challenge("Atlassian Bitbucket")]])
        let guess = try #require(await ForgeGuess.guess(try ServiceURL(origin + path), over: transport))
        #expect(guess.entry.issuer == base.map { origin + $0 })
        var configuration = Configuration()
        configuration.hosts = [guess.entry]
        let account = try #require(
            try AccountDirectory(configuration: configuration).configuredAccount(
                for: CredentialRequest(url: origin + "/other/r.git")))
        guard case .endpoints(let metadata) = account.server else { Issue.record("no endpoints"); return }
        #expect(metadata.tokenEndpoint.string == origin + (base ?? "") + "/rest/oauth2/latest/token")
        let page = account.provider?.registrationPage(for: account.service)
        #expect(page == origin + (base ?? "") + "/plugins/servlet/applinks/listApplicationLinks")
    }
}
