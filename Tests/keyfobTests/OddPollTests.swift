import AuthorizationServer
import TestSupport
import Testing

/// Answers to the polls of a sign-in on another device, in forms that no standard has.
@Suite(.timeLimit(.withTurns)) struct `An odd answer to a poll` {
    struct Row: Sendable, CustomTestStringConvertible {
        var testDescription: String
        var answer: ScriptedResponse
        var says: String
    }

    private static func page(_ text: String, status: Int) -> ScriptedResponse {
        ScriptedResponse(status: status, headers: [("Content-Type", "text/html")], body: Array(text.utf8))
    }

    static let rows = [
        Row(testDescription: "a gateway's page", answer: page("<html>Hello", status: 200), says: "asks again"),
        Row(testDescription: "a firewall's 403", answer: page("Access Denied", status: 403), says: "asks again"),
        Row(testDescription: "400 without JSON", answer: page("bad request", status: 400), says: "asks again"),
        Row(testDescription: "502", answer: page("bad gateway", status: 502), says: "HTTP 502"),
        Row(testDescription: "an empty 200", answer: ScriptedResponse(status: 200), says: "asks again"),
        Row(testDescription: "a lost connection", answer: .lostRequest, says: "closed the connection"),
        Row(testDescription: "a redirect", answer: .redirect(302, to: "https://portal.example/"), says: "HTTP 302"),
        Row(
            testDescription: "an unknown error that asks for patience", answer: .error("please_wait"),
            says: "please_wait"),
    ]

    @Test(arguments: rows) func `is named, and keyfob asks again`(row: Row) async throws {
        try await FailureBench.run(.configured, { $0.device.isOffered = true }) { bench in
            bench.server.reconfigure { $0.device.pendingPolls = 0 }
            bench.fail("/token", once: [row.answer])
            let result = try await bench.login(["--flow", "device"])
            #expect(result.status == 0, "\(result.complaint)")
            #expect(result.complaint.contains(row.says), "\(result.complaint)")
            #expect(bench.requests(to: "/token") == 2)
        }
    }

    @Test(arguments: [
        ("access_denied", Int32(77)), ("expired_token", 77), ("invalid_grant", 77), ("invalid_client", 78),
        ("unauthorized_client", 78), ("authorization_declined", 77),
    ])
    func `ends the sign-in if it is final, with any status`(error: String, status: Int32) async throws {
        try await FailureBench.run(.configured, { $0.device.isOffered = true }) { bench in
            bench.fail("/token", with: .error(error, status: 403))
            let result = try await bench.login(["--flow", "device"])
            #expect(result.status == status, "\(result.complaint)")
            #expect(bench.requests(to: "/token") == 1)
        }
    }

    @Test(arguments: ["unsupported_grant_type", "device_flow_disabled"])
    func `leads to another way if the server does not allow this one`(error: String) async throws {
        try await FailureBench.run(.configured, { $0.device.isOffered = true }) { bench in
            for path in ["/device", "/token"] {
                bench.fail(path, with: .error(error))
                let result = try await bench.login(["--flow", "device"])
                #expect(result.status == 77, "\(result.complaint)")
                #expect(
                    result.complaint.contains("keyfob login --flow paste \(bench.service)\n"), "\(result.complaint)")
                bench.server.intercept(nil)
            }
        }
    }

    @Test(arguments: ["/device", "/token"])
    func `is shown with the server's words if it is a no`(_ path: String) async throws {
        try await FailureBench.run(.configured, { $0.device.isOffered = true }) { bench in
            let words = "User is not assigned to the client application."
            bench.fail(
                path, with: .json("{\"error\":\"access_denied\",\"error_description\":\"\(words)\"}", status: 403))
            let result = try await bench.login(["--flow", "device"])
            #expect(result.status == 77, "\(result.complaint)")
            #expect(result.complaint.contains("was refused; the server says: \"\(words)\""), "\(result.complaint)")
        }
    }

    @Test(arguments: [
        "B https:evil.test", "go to evil.test/device", "evil.test", "a@b", "one two three", "x?y=1", "evil。test",
        "evil%2Etest", "[::1]", "Код1",
        String(repeating: "A", count: 65),
    ])
    func `has no code that is an address or a sentence`(code: String) async throws {
        try await FailureBench.run(.configured, { $0.device.isOffered = true }) { bench in
            let body =
                "{\"device_code\":\"d-1234567890\",\"user_code\":\"\(code)\",\"verification_uri\":\"\(bench.server.issuer)/d\"}"
            bench.fail("/device", with: .json(body))
            let result = try await bench.login(["--flow", "device"])
            #expect(result.status == 75, "\(result.complaint)")
            #expect(result.complaint.contains("(user_code)"), "\(result.complaint)")
            #expect(!result.complaint.contains(code))
        }
    }
}
