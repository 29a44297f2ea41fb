import CredentialProtocol
import KeyfobCore
import OAuth
import Testing

/// git itself, asked in a home directory of the test's own.
@Suite(.timeLimit(.minutes(1)))
struct `What git says of its settings` {
    private static func settings(_ request: CredentialRequest) async -> GitSettings? {
        await GitConfigCommand(search: ExecutableSearch(path: nil)).settings(for: request)
    }

    private static let text = """
        [credential]
            username = everywhere
            helper = keyfob
        [credential "https://git.example.com"]
            username = here
            interactive = false
            oauthClientId = id
            oauthAuthURL = /authorize
            oauthTokenURL = /token
            oauthScopes = read write
        [credential "https://git.example.com/team"]
            username = "te am"
        [credential "https://git.example.com:8443"]
            username = port
        """

    @Test func `is the best match for each setting`() async throws {
        try await GitHome.run(Self.text) { home in
            await #expect(processExitsWith: .success) { [home = home as String] in
                GitHome.enter(home)
                let settings = await Self.settings(.git(path: "x.git"))
                #expect(settings?.username == "here")
                #expect(settings?.declinesInteraction == true)
                let client = try settings?.oauth(for: try ServiceURL("https://git.example.com"))
                #expect(client?.client.id == "id")
                #expect(client?.metadata.tokenEndpoint.string == "https://git.example.com/token")
                #expect(client?.scopes == ["read", "write"])
                #expect(await Self.settings(.git(path: "team/x.git"))?.username == "te am")
                #expect(await Self.settings(.git(path: "teams/x.git"))?.username == "here")
                #expect(await Self.settings(.git("git.example.com:8443"))?.username == "port")
                let elsewhere = await Self.settings(.git("example.org"))
                #expect(elsewhere?.username == "everywhere")
                #expect(elsewhere?.declinesInteraction == false)
                let none = try elsewhere?.oauth(for: try ServiceURL("https://example.org"))
                #expect(none == nil)
            }
        }
    }

    @Test func `counts what was given to git with -c`() async throws {
        try await GitHome.run { home in
            await #expect(processExitsWith: .success) { [home = home as String] in
                GitHome.enter(home, ["GIT_CONFIG_PARAMETERS": "'credential.interactive=never'"])
                #expect(await Self.settings(.git())?.declinesInteraction == true)
            }
        }
    }

    @Test func `is nothing where nothing is set, where git cannot read its file, and where there is no git`()
        async throws
    {
        try await GitHome.run("[credential\n") { home in
            await #expect(processExitsWith: .success) { [home = home as String] in
                GitHome.enter(home)
                let broken = await Self.settings(.git())
                #expect(broken?.username == nil)
                let none = try broken?.oauth(for: try ServiceURL("https://git.example.com"))
                #expect(none == nil)
                let without = GitConfigCommand(search: ExecutableSearch(path: home))
                #expect(await without.settings(for: .git()) == nil)
                #expect(await Self.settings(.git("", protocolName: "cert", path: "x")) == nil)
            }
        }
    }
}
