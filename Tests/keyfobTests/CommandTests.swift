import AuthorizationServer
import FoundationEssentials
import TestSupport
import Testing

/// Command lines that need no server, and the errors for invalid ones.
@Suite(.timeLimit(.withTurns)) struct `The commands` {
    private static let configuration = """
        [host."https://git.example.com"]
        issuer = "https://login.example.com"
        client_id = "keyfob"
        """

    @Test(arguments: [
        (["--help"], "USAGE: keyfob"), (["help"], "USAGE: keyfob"), (["--version"], "0."),
        (["login", "--help"], "USAGE: keyfob login"), (["token", "--help"], "--min-ttl"),
        (["help", "logout"], "--all"),
    ])
    func `Help and version succeed`(_ arguments: [String], _ says: String) async throws {
        try await PrivateSession.runWithoutBus { session in
            let result = try await KeyfobSession(session: session).run(["keyfob"] + arguments, "")
            #expect(result.status == 0)
            #expect(result.output.contains(says))
            #expect(result.stderr.isEmpty)
        }
    }

    @Test(arguments: [
        ["frobnicate"], ["login"], ["login", "--frob"], ["logout"], ["logout", "--all", "https://git.example.com"],
        ["token"],
        ["get", "--dialect", "svn"], ["get", "https://h"],
        ["get", "--interaction", "maybe"], ["token", "https://h", "--format", "xml"],
        ["token", "https://h", "--interaction", "no"], ["login", "https://h", "--flow", "magic"],
        // Not a number of seconds from 0 to a day
        ["token", "https://h", "--min-ttl", "86401"], ["token", "https://h", "--min-ttl=-1"],
        ["token", "https://h", "--min-ttl", "soon"],
        // Not a service's URL
        ["login", "git.example.com"], ["login", "ftp://git.example.com"],
        ["login", "http://git.example.com"], ["token", "cert:///x"], ["token", ""], ["token", "https://"],
        ["token", "https://git.example.com:x"], ["token", "http://127.0.0.1.example.org"],
        ["token", "https://h/%0ahost=x"], ["token", "https://h\nusername=x"], ["exec", "https://h"],
        ["exec", "--", "true"],
        ["exec", "https://h", "--fd", "2", "--", "true"], ["exec", "https://h", "--env", "A=B", "--", "true"],
        ["token", "https://h", "--format", "xoauth2"], ["token", "https://h", "--user", "u"],
        ["logout", "nonsense"],
    ])
    func `An invalid command line is a usage error`(_ arguments: [String]) async throws {
        try await PrivateSession.runWithoutBus { session in
            let result = try await KeyfobSession(session: session).run(["keyfob"] + arguments, "")
            #expect(result.status == 64, "\(arguments) \(result.complaint)")
            #expect(result.stdout.isEmpty)
            #expect(!result.stderr.isEmpty)
        }
    }

    @Test func `The message names a URL that keyfob does not support`() async throws {
        try await PrivateSession.runWithoutBus { session in
            let result = try await KeyfobSession(session: session).run(
                ["keyfob", "login", "http://example.org/\u{1B}[2J"], "")
            #expect(result.status == 64)
            let said = "\"http://example.org/\u{FFFD}[2J\" has a character that no URL may have"
            #expect(result.complaint == "keyfob: \(said)\n")
        }
    }

    @Test(arguments: ["http://localhost:1", "http://alice@localhost:1"])
    func `A login without configuration asks the service, and reports that it is unreachable`(
        _ url: String
    ) async throws {
        try await KeyfobSession.run { session in
            try session.configure(Self.configuration)
            let result = try await session.run(["keyfob", "login", url], "")
            #expect(result.status == 75)
            #expect(result.stdout.isEmpty)
            #expect(result.complaint.hasPrefix("keyfob: cannot reach localhost: connection refused\n"))
            #expect(session.browserOpenings == 0)
        }
    }

    @Test func `Without configuration there is no token`() async throws {
        try await KeyfobSession.run { session in
            let result = try await session.run(["keyfob", "token", "https://example.org"], "")
            #expect(result.status == 1)
            #expect(result.stdout.isEmpty)
            #expect(
                result.complaint == """
                    keyfob: no credential for https://example.org
                    hint: to sign in there, run: keyfob login https://example.org

                    """)
        }
    }

    @Test func `A stored password is not printed as a token`() async throws {
        try await KeyfobSession.run { session in
            let credential = "protocol=https\nhost=example.org\nusername=u\npassword=s3cr3t\n\n"
            #expect(try await session.run(["keyfob", "store"], credential).status == 0)
            let result = try await session.run(["keyfob", "token", "https://example.org"], "")
            #expect(result.status == 1)
            #expect(result.stdout.isEmpty)
            #expect(!result.complaint.contains("s3cr3t"))
        }
    }

    @Test func `A token that needs a sign-in is not available if keyfob may not ask`() async throws {
        try await KeyfobSession.run { session in
            try session.configure(Self.configuration)
            let result = try await session.withBrowser().run(
                ["keyfob", "token", "https://git.example.com/x", "--interaction", "never"], "")
            #expect(result.status == 77)
            #expect(result.stdout.isEmpty)
            #expect(
                result.complaint == """
                    keyfob: sign-in needed for https://git.example.com
                    hint: run: keyfob login https://git.example.com

                    """)
            #expect(session.browserOpenings == 0)
        }
    }

    @Test func `Without sign-ins there is an empty array, a line for people, and nothing to log out of`() async throws {
        try await KeyfobSession.run { session in
            let json = try await session.run(["keyfob", "status", "--json"], "")
            #expect(json.status == 0)
            #expect(json.output.filter { !$0.isWhitespace } == "[]")
            #expect(json.stderr.isEmpty)
            #expect(try await session.run(["keyfob", "status"], "").output == "not signed in anywhere\n")
            let all = try await session.run(["keyfob", "logout", "--all"], "")
            #expect(all == CommandResult(stdout: [], stderr: Array("keyfob: not signed in anywhere\n".utf8), status: 1))
            let one = try await session.run(["keyfob", "logout", "https://git.example.com"], "")
            #expect(one.status == 1)
            #expect(
                one.complaint == """
                    keyfob: not signed in to https://git.example.com
                    hint: to see your sign-ins, run: keyfob status

                    """)
        }
    }

    // MARK: KEYFOB_INTERACTION

    @Test(arguments: [
        ["git-credential-keyfob", "get"], ["keyfob", "get"], ["keyfob", "get", "--interaction", "never"],
        ["keyfob", "token", "https://git.example.com"], ["keyfob", "status"],
    ])
    func `An unknown value of KEYFOB_INTERACTION is an error that names it`(_ command: [String]) async throws {
        try await KeyfobSession.run { session in
            try session.configure(Self.configuration)
            var session = session.withBrowser()
            session.environment["KEYFOB_INTERACTION"] = "no"
            let result = try await session.run(command, "protocol=https\nhost=git.example.com\n\n")
            #expect(result.status == 78)
            #expect(result.stdout.isEmpty)
            #expect(result.complaint == "keyfob: KEYFOB_INTERACTION: \"no\" is not one of never, auto, always\n")
            #expect(session.browserOpenings == 0)
        }
    }

    @Test func `An empty KEYFOB_INTERACTION counts as not set`() async throws {
        try await KeyfobSession.run { session in
            var session = session
            session.environment["KEYFOB_INTERACTION"] = ""
            let result = try await session.run(["keyfob", "status"], "")
            #expect(result.status == 0)
        }
    }
}
