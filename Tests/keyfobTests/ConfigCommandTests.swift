import AuthorizationServer
import FoundationEssentials
import TestSupport
import Testing

/// `keyfob config`: the configuration files; for a URL its settings and the line of each (protocol.md, section 11).
@Suite(.timeLimit(.withTurns)) struct `The output of keyfob config` {
    private struct Report: Decodable {
        struct Setting: Decodable, Equatable {
            var value: String?
            var source: String
            var file: String?
            var line: Int?
        }

        var service: String
        var settings: [String: Setting]
        var steps: [String]
        var notes: [String]
    }

    private static func report(_ session: KeyfobSession, _ url: String) async throws -> Report {
        let result = try await session.run(["keyfob", "config", "--json", url])
        #expect(result.status == 0, "\(result.complaint)")
        return try JSONDecoder().decode(Report.self, from: Data(result.stdout))
    }

    @Test func `lists the files in order, and which of them exist`() async throws {
        struct Files: Decodable {
            struct File: Decodable {
                var file: String
                var exists: Bool
            }

            var files: [File]
        }
        try await KeyfobSession.run { session in
            try session.configure("min_ttl = 60\n")
            let result = try await session.run(["keyfob", "config", "--json"])
            let files = try JSONDecoder().decode(Files.self, from: Data(result.stdout)).files
            let home = session.session.home
            #expect(files.map(\.file).first == home + "/.config/keyfob/config.toml")
            #expect(files.map(\.file).last == home + "/.local/state/keyfob/approved.toml")
            #expect(files.first?.exists == true)
            #expect(files.last?.exists == false)
            let lines = try await session.run(["keyfob", "config"]).output.split(separator: "\n").map(String.init)
            #expect(lines.map { $0.replacing("  (absent)", with: "") } == files.map(\.file))
            #expect(lines.map { $0.hasSuffix("(absent)") } == files.map { !$0.exists })
        }
    }

    @Test func `shows the line of each key, in any TOML notation`() async throws {
        try await KeyfobSession.run { session in
            try session.configure(
                """
                # the first line
                interaction = "never"

                [host."https://git.example.com"]
                issuer = "https://login.example.com"
                scopes = [
                    "read",
                    "write",
                ]

                [host]
                "https://git.example.com/team".issuer = "https://team.example.com"
                "https://git.example.com/team" . "client_id" = "team"
                """)
            let file = session.session.home + "/.config/keyfob/config.toml"
            let report = try await Self.report(session, "https://git.example.com/project")
            #expect(report.service == "https://git.example.com")
            #expect(
                report.settings["issuer"]
                    == .init(value: "https://login.example.com", source: "file", file: file, line: 5))
            #expect(report.settings["scopes"] == .init(value: "read write", source: "file", file: file, line: 6))
            #expect(report.settings["client_id"] == .init(source: "default"))
            #expect(report.settings["pkce"] == .init(value: "required", source: "default"))
            let team = try await Self.report(session, "https://git.example.com/team/project")
            #expect(team.service == "https://git.example.com/team")
            #expect(team.settings["client_id"] == .init(value: "team", source: "file", file: file, line: 13))
            let words = try await session.run(["keyfob", "config", "https://git.example.com/team"]).output
            #expect(words.contains("authorization server: https://team.example.com  (\(file):12)\n"))
            // keyfob's own registration has its redirect URI; for a client of the user's there is one that keyfob sends.
            #expect(report.settings["redirect_uri"] == .init(source: "default"))
            #expect(
                team.settings["redirect_uri"] == .init(value: "http://127.0.0.1/callback", source: "default"))
            #expect(words.contains("redirect uri: http://127.0.0.1/callback  (default)\n"))
        }
    }

    @Test func `shows what keyfob knows about a host, and what git's settings say`() async throws {
        try await KeyfobSession.run { session in
            let known = try await Self.report(session, "https://codeberg.org/somebody/project")
            #expect(known.settings["issuer"] == .init(value: "https://codeberg.org", source: "known-host"))
            #expect(known.settings["username"] == .init(value: "oauth2", source: "known-host"))
            #expect(!known.notes.isEmpty)
            let settings = """
                [credential "https://git.example.org"]
                    oauthClientId = gits
                    oauthAuthURL = /authorize
                    oauthTokenURL = /token
                """
            try Data(settings.utf8).write(to: URL(filePath: session.session.home + "/.gitconfig"))
            let git = try await Self.report(session, "https://git.example.org/project")
            #expect(git.settings["client_id"] == .init(value: "gits", source: "git"))
            #expect(git.settings["issuer"] == .init(value: "https://git.example.org/token", source: "git"))
        }
    }

    @Test func `shows the result of discovery, and after a sign-in the line of the approval`() async throws {
        var configuration = AuthorizationServerConfiguration.signingInAtOnce
        configuration.registration.access = .open
        configuration.resources = [ProtectedResource()]
        try await KeyfobSession.run { session in
            try await AuthorizationServer(configuration).run { server in
                let resource = "http://127.0.0.1:\(server.port)/mcp"
                let found = try await Self.report(session, resource)
                #expect(found.settings["issuer"] == .init(value: server.issuer, source: "discovery"))
                #expect(found.settings["resource"] == .init(value: resource, source: "discovery"))
                #expect(found.steps.count == 2)
                // `keyfob config` does not approve the service.
                let approvals = session.session.home + "/.local/state/keyfob/approved.toml"
                #expect(!FileManager.default.fileExists(atPath: approvals))
                #expect(try await session.withBrowser().run(["keyfob", "login", resource]).status == 0)
                let approved = try await Self.report(session, resource)
                #expect(approved.settings["issuer"]?.file == approvals)
                #expect((approved.settings["issuer"]?.line ?? 0) > 1)
                #expect(approved.steps.isEmpty)
            }
        }
    }

    @Test(
        arguments: [
            ("http://git.example.com", "https://git.example.com"), ("ftp://git.example.com", nil), ("--json", nil),
            ("git.example.com", "https://git.example.com"), ("git.example.com:843/a", "https://git.example.com:843/a"),
            ("git@git.example.com:a/b.git", "https://git.example.com/a/b.git"),
            ("ssh://git@git.example.com:22/a", "https://git.example.com/a"), ("localhost:1/a", "http://localhost:1/a"),
            ("https://user:secret@b\u{FC}cher.example/a", "https://xn--bcher-kva.example/a"),
            ("stra\u{DF}e.example", "https://xn--strae-oqa.example"),
            ("https://\u{4F8B}\u{3048}.example:8443", "https://xn--r8jz45g.example:8443"),
        ] as [(String, String?)])
    func `is empty for an invalid URL, and the hint has the right one`(_ url: String, _ right: String?) async throws {
        try await KeyfobSession.run { session in
            let result = try await session.run(["keyfob", "config", "--", url])
            #expect(result.status == 64)
            #expect(result.stdout.isEmpty)
            let lines = result.complaint.split(separator: "\n")
            // The reason depends on the text (`ProposalTests`).
            let reasons = [
                " is neither an https URL nor an http URL of a loopback host", " is not in ASCII", " has a ",
            ]
            #expect(reasons.contains { lines.first?.contains($0) == true }, "\(lines)")
            #expect(lines.dropFirst().map(String.init) == (right.map { ["hint: write \($0)"] } ?? []))
            #expect(!result.complaint.contains("secret"))
        }
    }
}
