import AuthorizationServer
import FoundationEssentials
import TestSupport
import Testing

/// Callers that ask for somebody else's credentials, or whose request contains a line that somebody else inserted.
///
/// Each request differs in one detail from a request that kernel memory or the keyring would answer at once, so a
/// tolerant parser would reveal a secret. None may: no standard output, no browser, no request to the server, and no
/// change by `store` or `erase`.
@Suite(.timeLimit(.withTurns)) struct `A hostile caller` {
    /// All control characters except LF, which ends a line and has its own rows.
    private static let controlCharacters = (Array(UInt8(0)...0x1F) + [0x7F]).filter { $0 != 0x0A }
    /// The bytes that earlier parsers handled wrongly, and two that control a terminal.
    private static let worst: [UInt8] = [0x00, 0x08, 0x0D, 0x1B]

    @Test(arguments: ["protocol", "host", "path", "username", "password", "wwwauth[]", "state[]", "future"])
    func `cannot hide a line behind a control character`(name: String) async throws {
        let isLong = ProcessInfo.processInfo.environment["KEYFOB_LONG"]?.isEmpty == false
        let bytes = isLong || name == "host" ? Self.controlCharacters : Self.worst
        try await Treasure.run { treasure in
            for byte in bytes where !(byte == 0x09 && name == "wwwauth[]") {
                let smuggled = Array("evil.example".utf8) + [byte] + Array("host=\(treasure.host)".utf8)
                let lines = treasure.identity.filter { $0.name != name }.map { "\($0.name)=\($0.value)\n" }.joined()
                let request = Array((lines + name + "=").utf8) + smuggled + Array("\n\n".utf8)
                try await treasure.expectRefusal(of: request, "byte \(byte) in \(name)")
            }
        }
    }

    /// `HOST` and `PATH` stand for those of the service that has a token.
    private static let malformed: [(id: String, request: String)] = [
        // A line break from an escape in a URL, as old versions of git and git-lfs passed it on.
        ("CVE-2020-5260", "protocol=http\nhost=evil.example\nhost=HOST\npath=PATH\n"),
        ("CVE-2020-5260", "url=http://evil.example/%0ahost=HOST\n"),
        ("CVE-2020-5260", "url=http://evil.example%0ahost=HOST/PATH\n"),
        ("CVE-2024-53263", "protocol=http\nhost=evil.example\npath=PATH\nprotocol=http\nhost=HOST\n"),
        ("CVE-2026-82249", "protocol=http\nhost=HOST\npath=PATH\npath=other\n"),
        // A missing value is not a wildcard.
        ("CVE-2020-11008", ""), ("CVE-2020-11008", "protocol=http\nhost=\npath=PATH\n"),
        ("CVE-2020-11008", "protocol=http\npath=PATH\n"), ("CVE-2020-11008", "host=HOST\npath=PATH\n"),
        ("CVE-2020-11008", "protocol=\nhost=HOST\npath=PATH\n"), ("CVE-2020-11008", "url=http:///PATH\n"),
        ("CVE-2020-11008", "username=oauth2\n"), ("CVE-2020-11008", "\nprotocol=http\nhost=HOST\npath=PATH\n"),
        // Characters that only a text parser takes for a line end.
        ("CVE-2024-50338", "protocol=http\nhost=evil.example\rhost=HOST\npath=PATH\n"),
        ("CVE-2024-52006", "protocol=http\r\nhost=HOST\r\npath=PATH\r\n\r\n"),
        ("CVE-2024-52006", "url=http://evil.example/%0dhost=HOST\n"),
        ("CVE-2025-23040", "protocol=http\nhost=evil.example\u{2028}host=HOST\npath=PATH\n"),
        ("CVE-2025-23040", "protocol=http\nhost=evil.example\u{85}host=HOST\npath=PATH\n"),
        ("CVE-2024-50349", "url=http://a%1b%5b2K@HOST/PATH\n"),
        // Lines that do not match the grammar.
        ("a line without =", "protocol=http\nhost=HOST\npath=PATH\nhelp\n"),
        ("a line without a name", "protocol=http\nhost=HOST\npath=PATH\n=x\n"),
        ("a host with a path", "protocol=http\nhost=HOST/PATH\n"),
        ("a host with a user", "protocol=http\nhost=evil.example@HOST\npath=PATH\n"),
        ("a host before a backslash", "protocol=http\nhost=HOST\\.evil.example\npath=PATH\n"),
        ("a host with a query", "protocol=http\nhost=HOST?.evil.example\npath=PATH\n"),
        ("a host with a fragment", "protocol=http\nhost=HOST#.evil.example\npath=PATH\n"),
        ("a host with a space", "protocol=http\nhost=HOST evil.example\npath=PATH\n"),
        ("a host in escapes", "protocol=http\nhost=127%2e0.0.1\npath=PATH\n"),
        ("a host that is not UTF-8", "protocol=http\nhost=HOST\u{FFFD}\npath=PATH\n"),
        ("a protocol that is none", "protocol=ht tp\nhost=HOST\npath=PATH\n"),
        ("an ephemeral that is none", "protocol=http\nhost=HOST\npath=PATH\nephemeral=perhaps\n"),
    ]

    @Test func `is refused completely`() async throws {
        try await Treasure.run { treasure in
            for (id, request) in Self.malformed {
                try await treasure.expectRefusal(of: Array(treasure.filled(request).utf8), id)
            }
        }
    }

    @Test func `gets nothing for a request without an end`() async throws {
        try await Treasure.run { treasure in
            let question = treasure.filled("protocol=http\nhost=HOST\npath=PATH\n")
            let endless: [(String, String)] = [
                ("a line of 64 KiB", question + "future=" + String(repeating: "x", count: 65_536) + "\n"),
                ("git 71201ab0", "protocol=http\nwwwauth[]=" + String(repeating: "x", count: 65_536) + question),
                ("a line of 2 MiB", String(repeating: "x", count: 2_097_152)),
                ("more than 1 MiB", question + String(repeating: "future=xxxxxxxx\n", count: 66_000)),
                ("a question behind 1 MiB", String(repeating: "future=xxxxxxxx\n", count: 66_000) + question),
            ]
            for (name, request) in endless { try await treasure.expectRefusal(of: Array(request.utf8), name) }
        }
    }

    /// Services that differ from the one with the token.
    private static let others = [
        "protocol=https\nhost=HOST\npath=PATH\n", "protocol=http\nhost=localhost:PORT\npath=PATH\n",
        "protocol=http\nhost=[::1]:PORT\npath=PATH\n", "protocol=http\nhost=127.0.0.2:PORT\npath=PATH\n",
        "protocol=http\nhost=127.0.0.1\npath=PATH\n", "protocol=http\nhost=127.0.0.1:1\npath=PATH\n",
        "protocol=http\nhost=127.1:PORT\npath=PATH\n", "protocol=http\nhost=0x7f000001:PORT\npath=PATH\n",
        "protocol=http\nhost=2130706433:PORT\npath=PATH\n", "protocol=http\nhost=127.0.0.1.:PORT\npath=PATH\n",
        "protocol=http\nhost=127.0.0.1.evil.example:PORT\npath=PATH\n",
        "protocol=http\nhost=evil-127.0.0.1:PORT\npath=PATH\n", "protocol=http\nhost=HOST\n",
        "protocol=http\nhost=HOST\npath=PATHx/project.git\n", "protocol=http\nhost=HOST\npath=PATH/../other.git\n",
        "protocol=http\nhost=HOST\npath=other/PATH\n", "protocol=ftp\nhost=HOST\npath=PATH\n",
        "protocol=http\nhost=evil.example\npath=HOST/PATH\nusername=HOST\n",
        // The same for the one with a password.
        "protocol=https\nhost=code.example.com.evil.example\n", "protocol=https\nhost=evil-code.example.com\n",
        "protocol=https\nhost=evil.code.example.com\n", "protocol=https\nhost=CODE.EXAMPLE.COM.\n",
        "protocol=https\nhost=code.example.com:8443\n", "protocol=http\nhost=code.example.com\n",
        "protocol=https\nhost=example.com\n", "protocol=https\nhost=c\u{43E}de.example.com\n",
        "protocol=https\nhost=xn--cde-fdd.example.com\n", "protocol=https\nhost=code.example.com%00\n",
        "protocol=https\nhost=code.example.com,evil.example\n", "protocol=smtp\nhost=code.example.com\n",
        "protocol=https\nhost=code.example.com\nusername=mallory\n",
    ]

    @Test func `gets nothing of another host (CVE-2024-53858)`() async throws {
        try await Treasure.run { treasure in
            for request in Self.others {
                try await treasure.expectNothing(Array(treasure.filled(request).utf8), request)
            }
        }
    }

    @Test func `gets no token from the environment`() async throws {
        try await KeyfobSession.run { plain in
            var session = plain.withBrowser()
            let names = [
                "GITHUB_TOKEN", "GH_TOKEN", "GITHUB_ENTERPRISE_TOKEN", "GITLAB_TOKEN", "CI_JOB_TOKEN", "GITEA_TOKEN",
                "GIT_PASSWORD", "GIT_TOKEN", "OAUTH_TOKEN", "ACCESS_TOKEN", "KEYFOB_TOKEN", "CARGO_REGISTRY_TOKEN",
            ]
            for name in names { session.environment[name] = "canary" }
            session.environment["KEYFOB_INTERACTION"] = "never"
            for host in ["github.com", "gitlab.com", "evil.example"] {
                for command in Treasure.doors {
                    let result = try await session.run(command + ["get"], "protocol=https\nhost=\(host)\n\n")
                    #expect(result.stdout.isEmpty && !result.complaint.contains("canary"), "\(host)")
                    Counts.add(.hostileCallers, "environment", passed: result.stdout.isEmpty ? 1 : 0)
                }
            }
            #expect(session.browserOpenings == 0)
        }
    }

    @Test(arguments: ["git-credential-keyfob", "keyfob"])
    func `with an unknown host opens no browser, and gets an immediate answer`(program: String) async throws {
        try await KeyfobSession.run { session in
            let session = session.withBrowser()
            let start = ContinuousClock.now
            _ = try await session.run(["keyfob", "--version"])
            let begun = ContinuousClock.now
            let result = try await session.run(
                [program, "get"], "protocol=https\nhost=submodule.evil.example\nwwwauth[]=Bearer realm=\"x\"\n\n")
            let (usual, taken) = (begun - start, ContinuousClock.now - begun)
            // Far below any timeout of a name server or a server.
            #expect(taken < .seconds(4) || taken < usual * 20)
            #expect(result.stdout.isEmpty)
            #expect(result.status == (program == "keyfob" ? 1 : 0), "\(result.complaint)")
            #expect(session.browserOpenings == 0)
            Counts.add(.hostileCallers, "unknown host", passed: result.stdout.isEmpty ? 1 : 0)
        }
    }
}

/// A session with a token in kernel memory and a password in the keyring.
private struct Treasure {
    let server: RunningServer
    let session: KeyfobSession
    /// The answer to a correct request by git.
    let answers: [String]

    static let doors = [["git-credential-keyfob"], ["keyfob"]]
    private static let password = "protocol=https\nhost=code.example.com\n"

    static func run(_ body: (Treasure) async throws -> Void) async throws {
        try await KeyfobSession.run { session in
            try await AuthorizationServer(.signingInAtOnce).run { server in
                try session.configure(for: server)
                let session = session.withBrowser()
                let stored = try await session.run(
                    ["keyfob", "store"], password + "username=alice\npassword=treasured\n\n")
                try #require(stored.status == 0, "\(stored.complaint)")
                let treasure = Treasure(
                    server: server, session: session, answers: try await answers(session, server))
                try #require(treasure.answers.allSatisfy { $0.contains("password=") }, "\(treasure.answers)")
                try await body(treasure)
                // All of it is still stored.
                #expect(try await answers(session, server) == treasure.answers)
                #expect(session.browserOpenings == 1)
                #expect(server.requests(to: "/token").count == 1)
            }
        }
    }

    private static func answers(_ session: KeyfobSession, _ server: RunningServer) async throws -> [String] {
        let questions = [session.question(about: server), password + "\n"]
        var answers: [String] = []
        for question in questions {
            answers.append(try await session.run(["git-credential-keyfob", "get"], question).output)
        }
        return answers
    }

    var host: String { "127.0.0.1:\(server.port)" }

    /// The lines of the request that is answered.
    var identity: [(name: String, value: String)] {
        [("protocol", "http"), ("host", host), ("path", session.path + "/project.git")]
    }

    /// A row of a table, for this server.
    func filled(_ row: String) -> String {
        row.replacing("HOST", with: host).replacing("PORT", with: "\(server.port)")
            .replacing("PATH", with: session.path)
    }

    /// Checks that every program refuses the request, with every operation.
    func expectRefusal(of request: [UInt8], _ name: String) async throws {
        for operation in ["get", "store", "erase"] {
            for door in Self.doors {
                let result = try await session.run(door + [operation], request)
                let isRefused = result.status == 65 && result.stdout.isEmpty && Self.isMessage(result.complaint)
                #expect(isRefused, "\(name): \(door[0]) \(operation): \(result.status) \(result.complaint)")
                Counts.add(.hostileCallers, name, passed: isRefused ? 1 : 0)
            }
        }
    }

    /// Checks that every program has no answer, or refuses the request; `erase` deletes nothing.
    func expectNothing(_ request: [UInt8], _ name: String) async throws {
        let before = server.requestLog.count
        for operation in ["get", "erase"] {
            for door in Self.doors {
                let result = try await session.run(door + [operation], request)
                let isSilent = result.stdout.isEmpty && [0, 1, 65].contains(result.status)
                #expect(isSilent, "\(name): \(door[0]) \(operation): \(result.status) \(result.complaint)")
                #expect(server.requestLog.count == before, "\(name): \(door[0]) \(operation) has asked the server")
                Counts.add(.hostileCallers, "another host", passed: isSilent ? 1 : 0)
            }
        }
    }

    /// Whether the text is one line and perhaps hints.
    private static func isMessage(_ text: String) -> Bool {
        text.hasPrefix("keyfob: ")
            && text.utf8.split(separator: 0x0A).dropFirst().allSatisfy { Substring($0).hasPrefix("hint: ") }
            && text.utf8.allSatisfy { $0 >= 0x20 && $0 != 0x7F || $0 == 0x0A }
    }
}
