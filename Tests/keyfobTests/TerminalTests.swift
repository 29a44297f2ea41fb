import AuthorizationServer
import FoundationEssentials
import Glibc
import Subprocess
import TestSupport
import Testing

/// What a person sees on their terminal while they sign in, and what becomes of what they type.
@Suite(.timeLimit(.withTurns), .serialized) struct `On a terminal` {
    private static let anyBrowser = "hint: in any browser, go to:"

    /// Runs `body` with an authorization server that takes the person's yes for granted, and keyfob configured for it;
    /// there is no browser.
    private func withServer(
        _ configuration: String = "", _ body: (RunningServer, KeyfobSession, PseudoTerminal) async throws -> Void
    ) async throws {
        try await KeyfobSession.run { session in
            try await AuthorizationServer(.signingInAtOnce).run { server in
                try session.configure(for: server, configuration)
                try await body(server, session, try PseudoTerminal())
            }
        }
    }

    /// Where a browser ends that was sent to that address, and cannot come back.
    private func lastAddress(_ address: String, _ session: KeyfobSession) async throws -> String {
        try await session.session.run(
            "python3", [KeyfobSession.headlessBrowser, "--stop-at", "http://127.0.0.1", address]
        )
        .trimmingNewline
    }

    // Pasting.

    @Test(arguments: ["", "flow = \"paste\""])
    func `an address is pasted, however long, and nothing of it is seen`(configuration: String) async throws {
        try await withServer(configuration) { server, session, terminal in
            let login = ["keyfob", "login", session.service(of: server)]
            let end = try await session.run(login, on: terminal) { _ in
                let address = try await terminal.line(after: Self.anyBrowser)
                #expect(!terminal.showsTyping)
                let answer = try await lastAddress(address, session)
                try terminal.type("\u{1B}[200~\(answer)&more=" + String(repeating: "x", count: 8_000) + "\u{1B}[201~\n")
                let seen = try await terminal.read(until: "signed in to")
                #expect(!seen.contains("code=") && !seen.contains("xxx"))
            }
            #expect(end == .status(0))
            #expect(terminal.showsTyping)
            #expect(server.requests(to: "/token").count == 1)
        }
    }

    @Test func `a wrong paste says why, and may be tried again`() async throws {
        try await withServer { server, session, terminal in
            let end = try await session.run(["keyfob", "login", session.service(of: server)], on: terminal) { _ in
                let address = try await terminal.line(after: Self.anyBrowser)
                try terminal.type("\nc0de\n")
                _ = try await terminal.read(until: "keyfob: what was pasted is not the whole address")
                _ = try await terminal.read(until: "begins with http://127.0.0.1:")
                let answer = try await lastAddress(address, session)
                let state = answer.firstRange(of: "state=").map { answer[$0.upperBound...].prefix(43) } ?? ""
                try terminal.type(answer.replacing(state, with: String(repeating: "A", count: 43)) + "\n")
                _ = try await terminal.read(until: "answers another sign-in; nothing was sent")
                try terminal.type("mistake\u{15}" + answer + "!\u{7F}\n")
            }
            #expect(end == .status(0))
            #expect(server.requests(to: "/token").count == 1)
        }
    }

    @Test func `Ctrl-D gives up where pasting is the only way`() async throws {
        try await withServer("flow = \"paste\"") { server, session, terminal in
            let end = try await session.run(["keyfob", "login", session.service(of: server)], on: terminal) { _ in
                _ = try await terminal.line(after: Self.anyBrowser)
                try terminal.type("\u{04}")
                _ = try await terminal.read(until: "keyfob: the sign-in was cancelled")
            }
            #expect(end == .status(77))
            #expect(terminal.showsTyping)
        }
    }

    // The terminal is the person's.

    @Test(arguments: [SIGINT, SIGTERM, SIGHUP, SIGQUIT])
    func `it is given back however the program ends`(signal: Int32) async throws {
        try await withServer { server, session, terminal in
            let end = try await session.run(["keyfob", "login", session.service(of: server)], on: terminal) { program in
                _ = try await terminal.line(after: Self.anyBrowser)
                #expect(!terminal.showsTyping)
                if signal == SIGINT { try terminal.type("\u{03}") } else { program.send(signal) }
            }
            #expect(end == .signal(signal))
            #expect(terminal.showsTyping)
        }
    }

    @Test func `it is given back while the program is stopped`() async throws {
        try await withServer { server, session, terminal in
            let login = ["keyfob", "login", session.service(of: server)]
            let end = try await session.run(login, on: terminal, .asJob) { _ in
                let address = try await terminal.line(after: Self.anyBrowser)
                try terminal.type("half an addr\u{1A}")
                _ = try await terminal.read(until: "stopped\r\n")
                #expect(terminal.showsTyping)
                try terminal.type("\n")
                while terminal.showsTyping { await Task.yield() }
                try terminal.type("\u{15}" + (try await lastAddress(address, session)) + "\n")
                _ = try await terminal.read(until: "signed in to")
            }
            #expect(end == .status(0))
            #expect(terminal.showsTyping)
        }
    }

    @Test func `it is left alone where a browser comes back before anything is pasted`() async throws {
        try await withServer { server, session, terminal in
            let login = ["keyfob", "login", session.service(of: server)]
            let end = try await session.withBrowser().run(login, on: terminal) { _ in
                let seen = try await terminal.read(until: "signed in to")
                #expect(seen.contains("hint: if no browser opens, go to:\r\nhttp://127.0.0.1:"))
                #expect(!seen.contains(Self.anyBrowser))
            }
            #expect(end == .status(0))
            #expect(terminal.showsTyping)
        }
    }

    @Test func `it is not touched from the background`() async throws {
        try await withServer { server, session, terminal in
            let login = ["keyfob", "login", session.service(of: server)]
            let end = try await session.run(login, on: terminal, .inBackground) { _ in
                let start = try await terminal.line(after: "in a browser on this machine, go to:")
                #expect(terminal.showsTyping)
                try terminal.type("meant for the shell\n")
                try await session.session.run("python3", [KeyfobSession.headlessBrowser, start])
                #expect(try await !terminal.read(until: "signed in to").contains("what was pasted"))
            }
            #expect(end == .status(0))
        }
    }

    @Test func `standard input is not read for a caller`() async throws {
        try await withServer("flow = \"paste\"") { server, session, _ in
            let token = try await session.run(
                ["keyfob", "token", session.service(of: server), "--interaction", "always"], "http://127.0.0.1/\n")
            #expect(token.status == 77)
            #expect(token.complaint.contains("no terminal to paste into"))
        }
    }

    // At another device.

    /// What a person sees who signs in at another device.
    private func codeShown(columns: UInt16, kind: String = "xterm") async throws -> String {
        try await KeyfobSession.run { session in
            try await AuthorizationServer(.signingInAtOnce).run { server in
                try session.configure(
                    for: server, "flow = \"device\"\ndevice_authorization_endpoint = \"\(server.issuer)/device\"")
                server.intercept { _, path in
                    switch path {
                    case "/device":
                        .json(
                            """
                            {"device_code":"DC","user_code":"WDJB-MJHT","verification_uri":"https://a.example/go",
                             "verification_uri_complete":"https://a.example/go?code=WDJB-MJHT","expires_in":60,"interval":1}
                            """)
                    case "/token": .json(#"{"access_token":"AT","token_type":"Bearer"}"#)
                    default: nil
                    }
                }
                var session = session
                session.environment["TERM"] = kind
                let (login, terminal) = (
                    ["keyfob", "login", session.service(of: server)], try PseudoTerminal(columns: columns)
                )
                var seen = ""
                let end = try await session.run(login, on: terminal) { _ in
                    seen = try await terminal.read(until: "go on only if it was you who began this")
                }
                #expect(end == .status(0))
                return seen
            }
        }
    }

    @Test func `the code, the address and a picture of it are shown`() async throws {
        let seen = try await codeShown(columns: 80)
        #expect(seen.contains("on any device, go to: https://a.example/go\r\n"))
        #expect(seen.contains("and type the code: WDJB-MJHT\r\n"))
        #expect(seen.contains("compare the code:\r\nhttps://a.example/go?code=WDJB-MJHT\r\n"))

        let picture = seen.split(separator: "\r\n").filter {
            $0.hasPrefix("\u{1B}[30;47m") && $0.hasSuffix("\u{1B}[0m")
        }
        let halves = picture.map { $0.dropFirst("\u{1B}[30;47m".count).dropLast("\u{1B}[0m".count) }
        let rows = halves.flatMap { line in [line.map { "█▀".contains($0) }, line.map { "█▄".contains($0) }] }
        let side = try #require(rows.first?.count)
        // 36 characters fit into a code of 29 modules; around it stand four white ones.
        #expect(side == 37)
        #expect(rows.count == side + 1 && rows.allSatisfy { $0.count == side })
        // ISO/IEC 18004 section 6.3.3: the pattern in three of the corners, white around it.
        for (top, left) in [(4, 4), (4, side - 11), (side - 11, 4)] {
            for (row, column) in (-1...7).flatMap({ row in (-1...7).map { (row, $0) } }) {
                let ring = max(abs(row - 3), abs(column - 3))
                #expect(rows[top + row][left + column] == (ring != 2 && ring != 4), "row \(row), column \(column)")
            }
        }
    }

    @Test(arguments: [(36, "xterm"), (80, "dumb"), (80, "")])
    func `no picture is shown where there is no room for it`(columns: UInt16, kind: String) async throws {
        let seen = try await codeShown(columns: columns, kind: kind)
        #expect(seen.contains("WDJB-MJHT"))
        #expect(!seen.contains("█") && !seen.contains("camera"))
    }

    // Where the browser is on another machine.

    @Test(arguments: [
        ("198.51.100.7 50000 192.0.2.5 22", "ssh -L PORT:127.0.0.1:PORT 192.0.2.5"),
        ("198.51.100.7 50000 192.0.2.5 2222", "ssh -p 2222 -L PORT:127.0.0.1:PORT 192.0.2.5"),
        ("2001:db8::7 50000 2001:db8::5 22", "ssh -L PORT:127.0.0.1:PORT 2001:db8::5"),
    ])
    func `over ssh the command is shown that lets the browser come back`(
        connection: String, command: String
    ) async throws {
        try await withServer { server, session, terminal in
            var session = session
            session.environment["SSH_CONNECTION"] = connection
            let login = ["keyfob", "login", session.service(of: server)]
            let end = try await session.run(login, on: terminal) { [session] _ in
                let authorization = try await terminal.line(after: Self.anyBrowser)
                #expect(authorization.hasPrefix("\(server.issuer)/authorize?"))
                let shown = try await terminal.line(after: "run on the machine of your browser:")
                let start = try await terminal.line(after: "and there go to:")
                let port = start.dropFirst("http://127.0.0.1:".count).prefix { $0.isNumber }
                #expect(shown == command.replacing("PORT", with: port))
                try await session.session.run("python3", [KeyfobSession.headlessBrowser, start])
            }
            #expect(end == .status(0))
        }
    }

    @Test(arguments: ["", "192.0.2.5", "1.2.3.4 1 $(id) 22", "1.2.3.4 1 -oProxyCommand=x 22", "1.2.3.4 1 5.6.7.8 x"])
    func `nothing is shown that could do harm in a shell`(connection: String) async throws {
        try await withServer { server, session, terminal in
            var session = session
            session.environment["SSH_CONNECTION"] = connection
            let login = ["keyfob", "login", session.service(of: server)]
            _ = try await session.run(login, on: terminal) { program in
                let seen = try await terminal.read(until: "hint: in a browser on this machine, go to:")
                #expect(!seen.contains("ssh"))
                program.send(SIGTERM)
            }
        }
    }
}
