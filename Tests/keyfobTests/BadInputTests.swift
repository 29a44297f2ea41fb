import TestSupport
import Testing

/// An unusable configuration, session or keyring leads to a clear error, the right exit status, and no standard output.
@Suite(.timeLimit(.withTurns)) struct `Invalid configurations and environments` {
    @Test(arguments: [
        ("client-id = \"x\"", ":3: host.\"https://git.example.com\".client-id: unknown key"),
        ("scopes = [1]", ":3: host.\"https://git.example.com\".scopes: must be an array of strings"),
        ("pkce = \"none\"", ":3: host.\"https://git.example.com\".pkce: \"none\" is not one of required, assumed"),
        (
            "token_endpoint = \"http://login.example.com/token\"",
            "is neither an https URL nor an http URL of a loopback host"
        ),
        ("redirect_uri = \"https://evil.example/\"", "redirect_uri"),
        ("client_id = ", ":3: "),
    ])
    func `An invalid configuration is refused with file, line and key`(
        _ line: String, _ complaint: String
    ) async throws {
        try await KeyfobSession.run { session in
            try session.configure(
                "[host.\"https://git.example.com\"]\nissuer = \"https://login.example.com\"\n\(line)\n")
            let result = try await session.run(["keyfob", "get"], "url=https://other.example.com\n\n")
            #expect(result.status == 78)
            #expect(result.stdout.isEmpty)
            #expect(result.complaint.hasPrefix("keyfob: \(session.session.home)/.config/keyfob/config.toml:"))
            #expect(result.complaint.contains(complaint), "\(result.complaint)")
        }
    }

    @Test func `A host without TLS is refused unless it is loopback`() async throws {
        try await KeyfobSession.run { session in
            try session.configure(
                "[host.\"http://git.example.com\"]\nissuer = \"https://x.example\"\nclient_id = \"x\"\n")
            let result = try await session.run(["keyfob", "get"], "url=https://other.example.com\n\n")
            #expect(result.status == 78)
            #expect(result.complaint.contains(":1: host.\"http://git.example.com\""), "\(result.complaint)")
        }
    }

    @Test func `Without a session bus, git gets no message about an unknown host, and the user gets the reason`()
        async throws
    {
        try await PrivateSession.runWithoutBus { session in
            let session = KeyfobSession(session: session)
            let git = try await session.run(["git-credential-keyfob", "get"], "protocol=https\nhost=example.com\n\n")
            #expect(git == CommandResult(stdout: [], stderr: [], status: 69))
            let person = try await session.run(["keyfob", "get"], "protocol=https\nhost=example.com\n\n")
            #expect(person.status == 69)
            #expect(person.complaint.contains("no session bus"))
        }
    }

    @Test func `Without a session bus, the user gets the reason for a configured host`() async throws {
        try await PrivateSession.runWithoutBus { session in
            let session = KeyfobSession(session: session)
            try session.configure(
                "[host.\"https://git.example.com\"]\nissuer = \"https://login.example.com\"\nclient_id = \"x\"\n")
            let git = try await session.run(
                ["git-credential-keyfob", "get"], "protocol=https\nhost=git.example.com\n\n")
            #expect(git.status == 69)
            #expect(git.stdout.isEmpty)
            #expect(git.complaint.hasPrefix("keyfob: there is no session bus"), "\(git.complaint)")
        }
    }
}
