import AuthorizationServer
import TestSupport
import Testing

/// Each external answer is hostile until parsed: a clear error, the right exit status, nothing on standard output, and
/// nothing kept.
@Suite(.timeLimit(.minutes(5))) struct `What is not as it must be` {
    /// A server that departs from the straight path in one thing.
    struct Departure: Sendable, CustomTestStringConvertible {
        var testDescription: String
        var status: Int32
        var complaint: String
        var configuration: @Sendable (inout AuthorizationServerConfiguration) -> Void = { _ in }
        var answer: ScriptedResponse?
        var path = "/token"
    }

    static let departures: [Departure] = [
        // Metadata
        Departure(
            testDescription: "the metadata of another issuer", status: 78, complaint: "another issuer",
            configuration: { $0.announcedIssuer = "https://login.example.net" }),
        Departure(
            testDescription: "no S256 in the metadata", status: 78, complaint: "PKCE with S256",
            configuration: { $0.advertisesPKCE = false }),
        Departure(
            testDescription: "a token endpoint without TLS", status: 78, complaint: "token_endpoint",
            configuration: { $0.extraMetadata["token_endpoint"] = "http://login.example.net/token" }),
        Departure(
            testDescription: "1 MB of metadata", status: 75, complaint: "more than 262144 bytes",
            answer: .json("{\"issuer\":\"" + String(repeating: "x", count: 1_000_000) + "\"}"),
            path: "/.well-known/oauth-authorization-server"),
        // The authorization response
        Departure(
            testDescription: "an authorization response of another issuer", status: 77,
            complaint: "the answer is not from",
            configuration: { $0.issuerParameter = .other("https://login.example.net") }),
        // The token response
        Departure(
            testDescription: "a newline in the token", status: 77, complaint: "characters that no token may have",
            answer: .json(#"{"access_token":"x\nhost=evil.example","token_type":"Bearer"}"#)),
        Departure(
            testDescription: "a token type that was not asked for", status: 77, complaint: "mac",
            configuration: { $0.tokenType = "mac" }),
        Departure(
            testDescription: "1 MB of token response", status: 75, complaint: "more than 65536 bytes",
            answer: .json("{\"access_token\":\"" + String(repeating: "x", count: 1_000_000) + "\"}")),
        Departure(
            testDescription: "invalid_client", status: 78, complaint: "invalid_client",
            answer: .json(#"{"error":"invalid_client","error_description":"who\u001b]52;c;eA==\u0007?"}"#, status: 401)),
    ]

    @Test(arguments: departures)
    func `A server's departure is refused`(_ departure: Departure) async throws {
        var configuration = AuthorizationServerConfiguration.signingInAtOnce
        departure.configuration(&configuration)
        try await KeyfobSession.run { session in
            try await AuthorizationServer(configuration).run { server in
                try session.configure(for: server)
                if let answer = departure.answer {
                    server.intercept { _, path in path.hasPrefix(departure.path) ? answer : nil }
                }
                let result = try await session.withBrowser().run(
                    ["git-credential-keyfob", "get"], session.question(about: server))
                #expect(result.stdout.isEmpty)
                #expect(result.status == departure.status)
                #expect(result.complaint.contains(departure.complaint), "\(result.complaint)")
                #expect(!result.complaint.unicodeScalars.contains { $0.value < 0x20 && $0 != "\n" })
                #expect(try await session.run(["keyfob", "status"]).output == "not signed in anywhere\n")
            }
        }
    }

    @Test(arguments: [
        ("client-id = \"x\"", ":3: host.\"https://git.example.com\".client-id: no such key"),
        ("scopes = \"read\"", ":3: host.\"https://git.example.com\".scopes: must be an array of strings"),
        ("pkce = \"none\"", ":3: host.\"https://git.example.com\".pkce: \"none\" is not one of required, assumed"),
        ("token_endpoint = \"http://login.example.com/token\"", "is not an https URL"),
        ("redirect_uri = \"https://evil.example/\"", "redirect_uri"),
        ("client_id = ", ":3: "),
    ])
    func `A configuration that is wrong is refused with file, line and key`(
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

    @Test func `A host without TLS is refused unless it is this machine`() async throws {
        try await KeyfobSession.run { session in
            try session.configure(
                "[host.\"http://git.example.com\"]\nissuer = \"https://x.example\"\nclient_id = \"x\"\n")
            let result = try await session.run(["keyfob", "get"], "url=https://other.example.com\n\n")
            #expect(result.status == 78)
            #expect(result.complaint.contains(":1: host.\"http://git.example.com\""), "\(result.complaint)")
        }
    }

    @Test func `Without a session bus git hears nothing of a foreign host, and a person hears why`() async throws {
        try await PrivateSession.runWithoutBus { session in
            let session = KeyfobSession(session: session)
            let git = try await session.run(["git-credential-keyfob", "get"], "protocol=https\nhost=example.com\n\n")
            #expect(git == CommandResult(stdout: [], stderr: [], status: 69))
            let person = try await session.run(["keyfob", "get"], "protocol=https\nhost=example.com\n\n")
            #expect(person.status == 69)
            #expect(person.complaint.contains("no session bus"))
        }
    }

    @Test func `Without a session bus a person hears why, where the host is ours`() async throws {
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

    @Test func `A locked keyring is said to be locked, and nothing is half answered`() async throws {
        try await PrivateSession.run { session in
            let keyfob = KeyfobSession(session: session)
            let credential = "protocol=https\nhost=example.com\nusername=u\npassword=p\n\n"
            try await session.withKeyring(.unlocked) {
                let stored = try await keyfob.run(["git-credential-keyfob", "store"], credential)
                #expect(stored.status == 0)
            }
            try await session.withKeyring(.locked) {
                let answer = try await keyfob.run(
                    ["git-credential-keyfob", "get"], "protocol=https\nhost=example.com\n\n")
                #expect(answer.status == 69)
                #expect(answer.stdout.isEmpty)
                #expect(answer.complaint.hasPrefix("keyfob: the keyring is locked\n"))
            }
        }
    }
}
