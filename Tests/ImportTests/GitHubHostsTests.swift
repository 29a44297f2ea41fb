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
        let users = [User(name: "alice", token: nil, line: 4), User(name: "bob", token: "gho_b", line: 6)]
        #expect(try GitHubHosts(Array(text.utf8)).hosts == [Host(name: "github.com", users: users)])
    }

    @Test func `of an older version names one user, or only a token`() throws {
        let text =
            "# gh\r\n'ghe.example.com:8443':\r\n    oauth_token: \"gho_old\"  \r\n    user: carol\r\n\r\n"
            + "github.com:\n  oauth_token: gho_nobody\n"
        #expect(
            try GitHubHosts(Array(text.utf8)).hosts == [
                Host(name: "ghe.example.com:8443", users: [User(name: "carol", token: "gho_old", line: 3)]),
                Host(name: "github.com", users: [User(name: nil, token: "gho_nobody", line: 7)]),
            ])
    }

    @Test(
        arguments: [
            ("github.com:\n\tuser: alice\n", 2), ("- github.com\n", 1), ("github.com: {user: alice}\n", 1),
            ("github.com: &anchor\n    user: alice\n", 1),
            ("github.com:\n    oauth_token: |\n        gho_x\n", 2),
            ("github.com:\n    user: alice\n      oauth_token: x\n", 3),
            ("github.com:\n    user: alice\n    user: bob\n", 3), ("github.com:\n    user: \"al\\nice\"\n", 2),
            ("github.com:\n    oauth_token: !!binary eA==\n", 2), ("github.com\n", 1), ("---\ngithub.com:\n", 1),
        ])
    func `in another form of YAML is refused with its line`(_ text: String, _ line: Int) {
        #expect(throws: GitHubHosts.Malformed(line: line)) { try GitHubHosts(Array(text.utf8)) }
    }

    @Test func `that is not UTF-8 is refused`() {
        #expect(throws: GitHubHosts.Malformed(line: 1)) { try GitHubHosts([0xFF, 0xFE]) }
    }
}
