import Addresses
import FoundationEssentials
import KeyfobCore
import OAuth
import Processes
import Secrets
import TestSupport
import Testing

/// git's output, and git itself asked in a home directory of the test's own.
@Suite(.timeLimit(.minutes(1)))
struct `How git would reach a host` {
    /// The settings of an environment with a proxy, with git's over them.
    private static func settings(
        _ output: String?, _ more: [String: String] = [:]
    ) -> NetworkSettings {
        let environment = ["https_proxy": "env:1", "no_proxy": "x", "SSL_CERT_FILE": "/env.pem"].merging(more) { $1 }
        var settings = NetworkSettings(environment: environment)
        GitNetworkSettings(output: output.map { Array($0.utf8) }, environment: environment).apply(to: &settings)
        return settings
    }

    // MARK: What it prints

    /// What git prints; the proxy and the authorities then.
    static let printed: [(String?, String, String)] = [
        (nil, "env:1", "/env.pem"), ("", "env:1", "/env.pem"),
        ("http.proxy\ngit:2\0", "git:2", "/env.pem"),
        ("http.proxy\nhttp://me:a%0Ab@git:2\0", "http://me:a%0Ab@git:2", "/env.pem"),
        // Empty is none at all
        ("http.proxy\n\0", "", "/env.pem"),
        ("http.sslcainfo\n/git.pem\0", "env:1", "/git.pem"),
        ("http.sslcainfo\n~/git.pem\0", "env:1", "/home/me/git.pem"),
        ("http.sslcainfo\n~other/git.pem\0", "env:1", "/~other/git.pem"),
        // No file of the working directory
        ("http.sslcainfo\ngit.pem\0", "env:1", "/git.pem"), ("http.sslcainfo\n\0", "env:1", "/env.pem"),
        // Nothing switches the check of certificates off, and other sections are others
        ("http.sslverify\nfalse\0", "env:1", "/env.pem"), ("https.proxy\ngit:2\0", "env:1", "/env.pem"),
        ("http.proxy\0", "env:1", "/env.pem"),
    ]

    @Test(arguments: printed)
    func `counts more than the environment`(_ output: String?, _ proxy: String, _ authorities: String) {
        let settings = Self.settings(output, ["HOME": "/home/me"])
        #expect(settings.proxy == Secret(proxy))
        #expect(settings.authorities == authorities)
        #expect(settings.exceptions == "x")
        #expect(settings.extraAuthorities == nil)
    }

    @Test func `heeds git's own variable before its configuration`() {
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

    @Test func `is by the best match for the URL`() async throws {
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

    @Test func `is not asked for loopback hosts, nor where there is no git`() async throws {
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

    @Test func `counts what was given to git with -c`() async throws {
        try await GitHome.run { home in
            await #expect(processExitsWith: .success) { [home = home as String] in
                GitHome.enter(home, ["GIT_CONFIG_PARAMETERS": "'http.proxy=given:1'"])
                let given = try Self.ask("https://login.example.com", home: home)
                #expect(given.proxy == Secret("given:1"))
            }
        }
    }

    @Test func `is never by the repository one stands in`() async throws {
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
