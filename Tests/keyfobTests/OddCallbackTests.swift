import AuthorizationServer
import TestSupport
import Testing

/// What the browser brings back to a sign-in, in forms that no standard has. `state` decides; the rest is read if it can be.
@Suite(.timeLimit(.withTurns)) struct `An odd answer in the browser` {
    struct Row: Sendable, CustomTestStringConvertible {
        var testDescription: String
        /// Whether the server refuses, with `access_denied`.
        var isRefusal = false
        /// Changes the query that the standards require.
        var change: @Sendable (String) -> String
        /// What the terminal says.
        var says: String

        init(_ name: String, refusal: Bool = false, says: String = "", _ change: @escaping @Sendable (String) -> String)
        {
            (testDescription, isRefusal, self.says, self.change) = (name, refusal, says, change)
        }
    }

    static let answers = [
        Row("an unknown parameter twice") { $0 + "&session_state=1&session_state=1" },
        Row("an unknown parameter that is not UTF-8") { "note=%C7%E0&" + $0 },
        Row("broken escapes in an unknown parameter") { $0 + "&note=100%&x=%zz" },
        Row("parameters without a name") { "&=&=x&" + $0 },
        Row("a raw list of scopes, twice") { $0 + "&scope=a+b&scope[]=c&authuser=0&prompt=none" },
        Row("a long unknown parameter") { $0 + "&note=" + String(repeating: "x", count: 12_000) },
        Row("each parameter twice") { $0 + "&" + $0 },
        Row("a description in Windows-1251", refusal: true, says: "was refused") {
            $0.replacing("as+configured", with: "%C4%EE%F1%F2%F3%EF").replacing("as%20configured", with: "%C4%EE%F1")
        },
        Row("a description twice", refusal: true, says: "was refused") {
            $0 + "&error_description=again"
        },
        Row("an unknown parameter twice beside an error", refusal: true, says: "was refused") { $0 + "&x=1&x=2" },
        Row("an error URI that is broken", refusal: true, says: "was refused") { $0 + "&error_uri=%" },
    ]

    @Test(arguments: answers) func `is the answer`(row: Row) async throws {
        try await FailureBench.run { bench in
            bench.server.reconfigure {
                $0.authorizationError = row.isRefusal ? "access_denied" : nil
                $0.changesResponse = row.change
            }
            let result = try await bench.login()
            #expect(result.status == (row.isRefusal ? 77 : 0), "\(result.complaint)")
            #expect(result.complaint.contains(row.says), "\(result.complaint)")
        }
    }

    static let noAnswers = [
        Row("an error without state", refusal: true, says: "its error is access_denied") {
            $0.split(separator: "&").filter { !$0.hasPrefix("state=") }.joined(separator: "&")
        },
        Row("a code without state", says: "without the state of this sign-in") {
            $0.split(separator: "&").filter { !$0.hasPrefix("state=") }.joined(separator: "&")
        },
        Row("an empty state", says: "without the state of this sign-in") {
            $0.split(separator: "&").map { $0.hasPrefix("state=") ? "state=" : $0 }.joined(separator: "&")
        },
        Row("another state", says: "belongs to another sign-in") { $0.replacing("state=", with: "state=x") },
        Row("nothing", says: "came back without an answer") { _ in "" },
        Row("a fragment", says: "if the address of its page has a # sign") { "#" + $0 },
        Row("too much", says: "too long for keyfob") { $0 + "&note=" + String(repeating: "x", count: 16_384) },
        Row("the state twice", says: "has the parameter state twice") { $0 + "&state=other" },
    ]

    @Test(arguments: noAnswers) func `is named on the terminal at once if it is no answer`(row: Row) async throws {
        try await FailureBench.run { bench in
            bench.server.reconfigure {
                $0.authorizationError = row.isRefusal ? "access_denied" : nil
                $0.changesResponse = row.change
            }
            let terminal = try PseudoTerminal()
            let end = try await bench.session.run(["keyfob", "login", bench.service], on: terminal) {
                _ = try await terminal.read(until: row.says)
                try terminal.type("\u{3}")
                // The program's last words: what the server's page may have been about.
                let words = try await terminal.read(until: "keyfob doctor \(bench.service)\r\n")
                #expect(words.contains("the client id keyfob-demo, the redirect URI http://127.0.0.1:"), "\(words)")
            }
            #expect(end == .signal(2))
            #expect(terminal.showsTyping)
            #expect(bench.requests(to: "/token") == 0)
        }
    }

    static let ends = [
        Row("the code twice", says: "has the parameter code twice") { $0 + "&code=other" },
        Row("the issuer twice", says: "has the parameter iss twice") { $0 + "&iss=other" },
        Row("a code and an error", says: "not exactly one of code and error") { $0 + "&error=e" },
        Row("a code that is not ASCII", says: "a code with invalid characters") {
            $0.replacing("code=", with: "code=%FF")
        },
    ]

    /// Only the server knows the state, so there will be no other answer.
    @Test(arguments: ends) func `ends the sign-in if it has the state, but no code that can be used`(row: Row)
        async throws
    {
        try await FailureBench.run { bench in
            bench.server.reconfigure { $0.changesResponse = row.change }
            let result = try await bench.login()
            #expect(result.status == 77, "\(result.complaint)")
            #expect(result.complaint.contains(row.says), "\(result.complaint)")
            #expect(result.complaint.hasSuffix("hint: to try again: keyfob login \(bench.service)\n"))
            #expect(bench.requests(to: "/token") == 0)
        }
    }

    /// RFC 6749 section 4.1.2.1, OpenID Connect Core section 3.1.2.6, RFC 8707, and errors that no standard has.
    static let errors: [(String, Int32)] = [
        ("access_denied", 77), ("login_required", 77), ("consent_required", 77), ("interaction_required", 77),
        ("account_selection_required", 77), ("temporarily_unavailable", 75), ("server_error", 75),
        ("unsupported_response_type", 78), ("invalid_target", 78), ("invalid_scope", 78), ("invalid_request", 77),
        ("unauthorized_client", 78), ("invalid_client", 78), ("request_not_supported", 77), ("X-500", 77),
    ]

    @Test func `that refuses leaves a way on, and the hint works`() async throws {
        try await FailureBench.run { bench in
            for (error, status) in Self.errors {
                bench.server.reconfigure { $0.authorizationError = error }
                let result = try await bench.login()
                #expect(result.status == status, "\(error): \(result.complaint)")
                let lines = result.complaint.split(separator: "\n")
                #expect(lines.last?.hasPrefix("hint: ") == true, "\(error): \(result.complaint)")
                #expect(lines.last?.contains("if no browser opens") == false, "\(error): \(result.complaint)")
                HintCommands.check(lines)
            }
        }
    }

    static let deviceFailures: [(ScriptedResponse, Int32, String)] = [
        (.json("{}", status: 404), 78, "HTTP 404"), (.json("{}", status: 405), 78, "HTTP 405"),
        (ScriptedResponse(status: 200, body: Array("<html>".utf8)), 75, "JSON"),
        (ScriptedResponse(status: 503), 75, "HTTP 503"), (.json("{}"), 78, "announces no device_code"),
        (
            .json(#"{"device_code":"d","user_code":"u","verification_uri":"http://a.example/"}"#), 78,
            "verification_uri is not a complete https URL"
        ),
        (.lostRequest, 75, "closed the connection"),
    ]

    @Test func `from the device endpoint names it, and leaves the browser`() async throws {
        try await FailureBench.run(.configured, { $0.device.isOffered = true }) { bench in
            let endpoint = "/device_authorization"
            for (answer, status, says) in Self.deviceFailures {
                bench.fail(endpoint, with: answer)
                let result = try await bench.login(["--flow", "device"])
                #expect(result.status == status, "\(result.complaint)")
                #expect(result.complaint.contains("device_authorization_endpoint, \(bench.server.issuer)\(endpoint), "))
                #expect(result.complaint.contains(says), "\(result.complaint)")
                let way = "keyfob login --flow paste \(bench.service)\n"
                #expect(result.complaint.contains(way), "\(result.complaint)")
            }
            for (error, status) in [("invalid_request", Int32(77)), ("unauthorized_client", 78), ("invalid_scope", 78)]
            {
                bench.fail(endpoint, with: .error(error))
                let result = try await bench.login(["--flow", "device"])
                #expect(result.status == status, "\(result.complaint)")
                #expect(result.complaint.contains("hint: "), "\(result.complaint)")
            }
        }
    }
}
