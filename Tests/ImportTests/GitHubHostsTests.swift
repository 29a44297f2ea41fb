import Testing

@testable import Import

/// gh's `hosts.yml`.
@Suite struct `A hosts file of gh` {
    private typealias Host = GitHubHosts.Host
    private typealias User = GitHubHosts.User

    @Test func `names the users of each host, and tokens that are not in the keyring`() throws {
        let text = """
            github.com:
                git_protocol: https
                users:
                    alice:
                    bob:
                        oauth_token: gho_b
                user: alice

            """
        let users = [User(name: "bob", token: "gho_b", line: 6), User(name: "alice", token: nil, line: 4)]
        #expect(GitHubHosts(Array(text.utf8)).hosts == [Host(name: "github.com", users: users)])
    }

    @Test func `of an older version names one user, or only a token`() throws {
        let text =
            "# gh\r\n'ghe.example.com:8443':\r\n    oauth_token: \"gho_old\"  \r\n    user: carol\r\n\r\n"
            + "github.com:\n  oauth_token: gho_nobody\n"
        #expect(
            GitHubHosts(Array(text.utf8)).hosts == [
                Host(name: "ghe.example.com:8443", users: [User(name: "carol", token: "gho_old", line: 3)]),
                Host(name: "github.com", users: [User(name: nil, token: "gho_nobody", line: 7)]),
            ])
    }

    /// An odd line and its number. Everything else in the file is read.
    @Test(
        arguments: [
            ("github.com:\n\tuser: alice\n", 2), ("- github.com\n", 1), ("github.com: {user: alice}\n", 1),
            ("github.com: &anchor\n    user: alice\n", 1),
            ("github.com:\n    oauth_token: |\n        gho_x\n", 2),
            ("github.com:\n    git_protocol: https\n      oauth_token: x\n", 3),
            ("github.com:\n    git_protocol: ssh\n    git_protocol: https\n", 3),
            ("github.com:\n    user: \"al\\nice\"\n", 2),
            ("github.com:\n    oauth_token: !!binary eA==\n", 2), ("github.com\n", 1), ("%YAML 1.2\n", 1),
            ("github.com:\n    users:\n        - alice\n", 3), ("github.com:\n    users:\n        \"\": x\n", 3),
            ("github.com:\n    aliases: [a, b]\n", 2), ("github.com:\n  a: b\n ghe.example.com:\n", 3),
            ("\u{FFFD}: x\n", 1),
        ])
    func `with one odd entry loses only that`(_ text: String, _ line: Int) {
        let good = "good.example:\n    users:\n        bob:\n            oauth_token: gho_b\n    user: bob\n"
        for (whole, line) in [(text + good, line), (good + text, line + 5)] {
            let read = GitHubHosts(Array(whole.utf8))
            #expect(read.oddLines == [line])
            #expect(read.hosts.flatMap(\.users).map(\.name) == ["bob"])
        }
    }

    @Test func `with an odd user has the others, also of the same host`() {
        let text = """
            ---
            github.com:
                users:
                    alice: [x]
                    bob:
                        oauth_token: gho_b
                        theme: {a: b}
                    "":
                        oauth_token: gho_nobody
                    carol:
                        oauth_token: "gho_c"
                user: bob

            """
        let read = GitHubHosts(Array(text.utf8))
        #expect(read.oddLines == [4, 7, 8])
        let users = [User(name: "carol", token: "gho_c", line: 11), User(name: "bob", token: "gho_b", line: 6)]
        #expect(read.hosts == [Host(name: "github.com", users: users)])
    }

    @Test func `that is not UTF-8 has an odd line`() {
        #expect(GitHubHosts([0xFF, 0xFE]).oddLines == [1])
    }

    /// A request without a user name gets the password that was stored last.
    @Test func `name the user whom gh uses last`() throws {
        let text =
            "github.com:\n    users:\n        amy:\n            oauth_token: gho_a\n        zed:\n"
            + "            oauth_token: gho_z\n    user: amy\n    oauth_token: gho_a\n"
        #expect(GitHubHosts(Array(text.utf8)).hosts.flatMap(\.users).map(\.name) == ["zed", "amy"])
    }
}
