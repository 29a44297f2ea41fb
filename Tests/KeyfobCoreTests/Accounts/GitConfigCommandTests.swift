import Addresses
import CredentialProtocol
import FoundationEssentials
import Glibc
import OAuth
import Processes
import TestSupport
import Testing

@testable import KeyfobCore

/// The tests run git in a temporary home directory.
@Suite(.timeLimit(.minutes(1)))
struct `The answer of git config` {
    private static func git(path: String? = nil, patience: Duration = .seconds(30)) -> GitConfigCommand {
        GitConfigCommand(
            search: ExecutableSearch(path: path), environment: ProcessInfo.processInfo.environment, patience: patience)
    }

    private static func settings(_ request: CredentialRequest) throws -> GitSettings? {
        try git().settings(for: request)
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

    @Test func `has the best match for each setting`() async throws {
        try await GitHome.run(Self.text) { home in
            await #expect(processExitsWith: .success) { [home = home as String] in
                GitHome.enter(home)
                let settings = try Self.settings(.git(path: "x.git"))
                #expect(settings?.value("username") == "here")
                #expect(settings?.declinesInteraction == true)
                let client = try settings?.oauth(for: try ServiceURL("https://git.example.com"))
                #expect(client?.client.id == "id")
                #expect(client?.host.tokenEndpoint?.string == "https://git.example.com/token")
                #expect(client?.host.scopes == ["read", "write"])
                let (team, teams) = (
                    try Self.settings(.git(path: "team/x.git")), try Self.settings(.git(path: "teams/x.git"))
                )
                #expect(team?.value("username") == "te am")
                #expect(teams?.value("username") == "here")
                let port = try Self.settings(.git("git.example.com:8443"))
                #expect(port?.value("username") == "port")
                let elsewhere = try Self.settings(.git("example.org"))
                #expect(elsewhere?.value("username") == "everywhere")
                #expect(elsewhere?.declinesInteraction == false)
                let none = try elsewhere?.oauth(for: try ServiceURL("https://example.org"))
                #expect(none == nil)
            }
        }
    }

    @Test func `includes settings from git -c`() async throws {
        try await GitHome.run { home in
            await #expect(processExitsWith: .success) { [home = home as String] in
                GitHome.enter(home, ["GIT_CONFIG_PARAMETERS": "'credential.interactive=never'"])
                let settings = try Self.settings(.git())
                #expect(settings?.declinesInteraction == true)
            }
        }
    }

    @Test func `needs one git process for each service, however often it is read`() async throws {
        try await withTemporaryDirectory { directory in
            try await writeScript("echo run >> \(directory)/runs\nexit 1", to: directory + "/git")
            let git = GitConfigCommand(
                search: ExecutableSearch(path: directory), environment: [:], patience: .seconds(30))
            for _ in 0..<3 { #expect(try git.settings(for: .git())?.value("username") == nil) }
            #expect(try String(contentsOfFile: directory + "/runs", encoding: .utf8) == "run\n")
            #expect(try git.settings(for: .git("example.org")) != nil)
            #expect(try String(contentsOfFile: directory + "/runs", encoding: .utf8) == "run\nrun\n")
        }
    }

    @Test func `is empty if nothing is set, and absent without git`() async throws {
        try await GitHome.run { home in
            await #expect(processExitsWith: .success) { [home = home as String] in
                GitHome.enter(home)
                let empty = try Self.settings(.git())
                #expect(empty?.value("username") == nil)
                let none = try empty?.oauth(for: try ServiceURL("https://git.example.com"))
                #expect(none == nil)
                let without = try Self.git(path: home).settings(for: .git())
                #expect(without == nil)
                let certificate = try Self.settings(.git("", protocolName: "cert", path: "x"))
                #expect(certificate == nil)
            }
        }
    }

    @Test func `is an error if git cannot read its file, and then the user must not be asked`() async throws {
        try await GitHome.run("[credential\n") { home in
            await #expect(processExitsWith: .success) { [home = home as String] in
                GitHome.enter(home)
                let failure = ConfigurationError(
                    file: "git configuration", line: nil, key: nil, problem: .gitFailed(status: 128))
                #expect(throws: failure) { try Self.settings(.git()) }
                #expect(throws: failure) { try Self.git().servicesWithClients() }
                #expect(Self.git().declinesInteraction(for: .git(), inRepository: false))
            }
        }
    }

    @Test func `is an error if git does not answer in time`() async throws {
        try await GitHome.run("[include]\n\tpath = pipe\n") { home in
            #expect(unsafe mkfifo(home + "/pipe", 0o600) == 0)
            await #expect(processExitsWith: .success) { [home = home as String] in
                GitHome.enter(home)
                let failure = ConfigurationError(
                    file: "git configuration", line: nil, key: nil, problem: .gitTimedOut(seconds: 1))
                #expect(throws: failure) { try Self.git(patience: .seconds(1)).settings(for: .git()) }
            }
        }
    }

    /// Makes a repository in the home directory, with this configuration.
    private static func makeRepository(_ text: String, in home: String) throws {
        for directory in [".git", ".git/objects", ".git/refs"] {
            try FileManager.default.createDirectory(
                atPath: home + "/" + directory, withIntermediateDirectories: false)
        }
        try write("ref: refs/heads/main\n", to: home + "/.git/HEAD")
        try write(text, to: home + "/.git/config")
    }

    /// Variables that name a repository, or a file that git would not read by default.
    private static let variables = [
        [:], ["GIT_DIR": ".git"], ["GIT_DIR": ".git", "GIT_COMMON_DIR": ".git"], ["GIT_CONFIG": ".git/config"],
        ["GIT_COMMON_DIR": ".git", "GIT_WORK_TREE": "."], ["XDG_CONFIG_HOME": ".git"],
        ["GIT_CONFIG_SYSTEM": ".git/config"],
    ]

    @Test(.counted(.hostileNeighbours), arguments: variables)
    func `has no settings of a repository`(_ variables: [String: String]) async throws {
        try await GitHome.run("[credential]\n\tusername = mine\n") { home in
            try Self.makeRepository(Self.text, in: home)
            try FileManager.default.createDirectory(atPath: home + "/.git/git", withIntermediateDirectories: false)
            try write(Self.text, to: home + "/.git/git/config")
            await #expect(processExitsWith: .success) { [home = home as String, variables] in
                GitHome.enter(home, variables)
                let settings = try Self.settings(.git())
                #expect(settings?.value("username") == "mine")
                let none = try settings?.oauth(for: try ServiceURL("https://git.example.com"))
                #expect(none == nil)
                let services = try Self.git().servicesWithClients()
                #expect(services.isEmpty)
            }
        }
    }

    /// The user's `credential.interactive`, the repository's, and whether git declines to ask the user.
    private static let words = [
        ("true", "false", true), ("false", "true", true), ("true", "true", false), ("false", "false", true),
    ]

    @Test(arguments: words)
    func `follows a repository that forbids questions, and ignores one that permits them`(
        _ mine: String, _ repository: String, _ declines: Bool
    ) async throws {
        try await GitHome.run("[credential]\n\tinteractive = \(mine)\n") { home in
            try Self.makeRepository("[credential]\n\tinteractive = \(repository)\n", in: home)
            await #expect(processExitsWith: .success) { [home = home as String, mine, declines] in
                GitHome.enter(home)
                #expect(Self.git().declinesInteraction(for: .git(), inRepository: true) == declines)
                #expect(Self.git().declinesInteraction(for: .git(), inRepository: false) == (mine == "false"))
            }
        }
    }
}
