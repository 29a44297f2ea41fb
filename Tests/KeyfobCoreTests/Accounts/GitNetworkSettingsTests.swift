import Addresses
import FoundationEssentials
import KeyfobCore
import OAuth
import Processes
import Secrets
import TestSupport
import Testing

/// The output of git, and git itself in a temporary home directory.
@Suite(.timeLimit(.minutes(1)))
struct `git's network settings for a URL` {
    /// The settings of an environment with a proxy, replaced by those of git.
    private static func settings(
        _ output: String?, _ more: [String: String] = [:]
    ) -> NetworkSettings {
        let environment = ["https_proxy": "env:1", "no_proxy": "x", "SSL_CERT_FILE": "/env.pem"].merging(more) { $1 }
        var settings = NetworkSettings(environment: environment)
        GitNetworkSettings(output: output.map { Array($0.utf8) }, environment: environment).apply(to: &settings)
        return settings
    }

    // MARK: git's output

    /// git's output; then the proxy and the certificate file that follow.
    static let printed: [(String?, String, String)] = [
        (nil, "env:1", "/env.pem"), ("", "env:1", "/env.pem"),
        ("http.proxy\ngit:2\0", "git:2", "/env.pem"),
        ("http.proxy\nhttp://me:a%0Ab@git:2\0", "http://me:a%0Ab@git:2", "/env.pem"),
        // An empty value means no proxy
        ("http.proxy\n\0", "", "/env.pem"),
        ("http.sslcainfo\n/git.pem\0", "env:1", "/git.pem"),
        ("http.sslcainfo\n~/git.pem\0", "env:1", "/home/me/git.pem"),
        ("http.sslcainfo\n~other/git.pem\0", "env:1", "/~other/git.pem"),
        // A relative path does not name a file in the working directory
        ("http.sslcainfo\ngit.pem\0", "env:1", "/git.pem"), ("http.sslcainfo\n\0", "env:1", "/env.pem"),
        // No setting disables the certificate check, and keyfob ignores other sections
        ("http.sslverify\nfalse\0", "env:1", "/env.pem"), ("https.proxy\ngit:2\0", "env:1", "/env.pem"),
        ("http.proxy\0", "env:1", "/env.pem"),
    ]

    @Test(arguments: printed)
    func `count more than the environment`(_ output: String?, _ proxy: String, _ authorities: String) {
        let settings = Self.settings(output, ["HOME": "/home/me"])
        #expect(settings.proxy == Secret(proxy))
        #expect(settings.authorities == authorities)
        #expect(settings.exceptions == "x")
        #expect(settings.extraAuthorities == nil)
    }

    @Test func `count less than git's own variable`() {
        let environment = ["GIT_SSL_CAINFO": "/variable.pem"]
        #expect(Self.settings("http.sslcainfo\n/git.pem\0", environment).authorities == "/variable.pem")
        #expect(Self.settings(nil, environment).authorities == "/variable.pem")
    }

    // MARK: git itself

    private static let text = """
        [http]
            proxy = http://everywhere:1
        [http "https://login.example.com"]
            proxy = http://here:2
            sslCAInfo = ~/here.pem
        [http "https://login.example.com/team"]
            proxy = http://team:3
        [http "https://direct.example.com"]
            proxy =
        """

    private static func ask(
        _ url: String, home: String, path: String? = nil
    ) throws -> NetworkSettings {
        let command = GitConfigCommand(
            search: ExecutableSearch(path: path), environment: ProcessInfo.processInfo.environment,
            patience: .seconds(30))
        let environment = ["HOME": home]
        var settings = NetworkSettings(environment: [:])
        try command.network(for: try EndpointURL(url), environment: environment)
            .apply(to: &settings)
        return settings
    }

    @Test func `are those of the best match for the URL`() async throws {
        try await GitHome.run(Self.text) { home in
            await #expect(processExitsWith: .success) { [home = home as String] in
                GitHome.enter(home)
                let here = try Self.ask("https://login.example.com/token?a=b", home: home)
                #expect(here.proxy == Secret("http://here:2"))
                #expect(here.authorities == home + "/here.pem")
                let team = try Self.ask("https://login.example.com/team/token", home: home)
                #expect(team.proxy == Secret("http://team:3"))
                #expect(team.authorities == home + "/here.pem")
                let elsewhere = try Self.ask("https://login.example.com.example.net", home: home)
                #expect(elsewhere.proxy == Secret("http://everywhere:1"))
                #expect(elsewhere.authorities == nil)
                let direct = try Self.ask("https://direct.example.com/", home: home)
                #expect(direct.proxy == Secret(""))
            }
        }
    }

    @Test func `are not read for loopback hosts, or without git`() async throws {
        try await GitHome.run(Self.text) { home in
            await #expect(processExitsWith: .success) { [home = home as String] in
                GitHome.enter(home)
                for url in ["http://127.0.0.1:8080/token", "http://localhost/", "https://[::1]/"] {
                    let loopback = try Self.ask(url, home: home)
                    #expect(loopback == NetworkSettings(environment: [:]))
                }
                let gitless = try Self.ask("https://login.example.com", home: home, path: home)
                #expect(gitless == NetworkSettings(environment: [:]))
            }
        }
    }

    @Test func `include settings from git -c`() async throws {
        try await GitHome.run { home in
            await #expect(processExitsWith: .success) { [home = home as String] in
                GitHome.enter(home, ["GIT_CONFIG_PARAMETERS": "'http.proxy=given:1'"])
                let given = try Self.ask("https://login.example.com", home: home)
                #expect(given.proxy == Secret("given:1"))
            }
        }
    }

    @Test func `are never those of the repository in the working directory`() async throws {
        try await GitHome.run { home in
            for directory in [".git", ".git/objects", ".git/refs"] {
                try FileManager.default.createDirectory(
                    atPath: home + "/" + directory, withIntermediateDirectories: false)
            }
            try write("ref: refs/heads/main\n", to: home + "/.git/HEAD")
            try write("[http]\n\tproxy = trap:1\n\tsslCAInfo = trap.pem\n", to: home + "/.git/config")
            await #expect(processExitsWith: .success) { [home = home as String] in
                GitHome.enter(home)
                let url = "https://login.example.com"
                let others = try Self.ask(url, home: home)
                #expect(others == NetworkSettings(environment: [:]))
            }
        }
    }
}
