import AuthorizationServer
import KernelKeyring
import TestSupport
import Testing

/// Rows of the failure table in which a refresh fails: only an error that says so ends a refresh token, and none ends a
/// registration. Another refusal leads to a sign-in (``OddAnswer``). The user is not asked without permission.
@Suite(.timeLimit(.withTurns)) struct `Failure table, refresh` {
    private static let page = ScriptedResponse(
        status: 200, headers: [("Content-Type", "text/html")], body: Array("<html>Welcome".utf8))

    static let rows: [FailureRow] = [
        FailureRow(
            testDescription: "invalid_grant on refresh", answer: .error("invalid_grant"), status: 77,
            says: "the server no longer accepts the refresh token", hint: "run: keyfob login", keepsGrant: false),
        FailureRow(
            testDescription: "invalid_client, 401", answer: .error("invalid_client", status: 401), status: 77,
            says: "did not accept the client as which it registered keyfob; a sign-in registers keyfob again",
            hint: "run: keyfob login"),
        FailureRow(
            testDescription: "invalid_client, 400", answer: .error("invalid_client"), status: 77,
            says: "did not accept the client as which it registered keyfob; a sign-in registers keyfob again",
            hint: "run: keyfob login"),
        FailureRow(
            testDescription: "invalid_scope", answer: .error("invalid_scope"), status: 77,
            says: "the refresh was refused: 127.0.0.1 answered invalid_scope", hint: "run: keyfob login"),
        FailureRow(
            testDescription: "invalid_target", answer: .error("invalid_target"), status: 77, says: "invalid_target",
            hint: "run: keyfob login"),
        FailureRow(
            testDescription: "unauthorized_client", answer: .error("unauthorized_client"), status: 77,
            says: "unauthorized_client", hint: "run: keyfob login"),
        FailureRow(testDescription: "server_error", answer: .error("server_error"), says: "server_error"),
        FailureRow(
            testDescription: "temporarily_unavailable", answer: .error("temporarily_unavailable", status: 503),
            says: "HTTP 503"),
        FailureRow(
            testDescription: "a rate limit in a success", answer: .error("ratelimited", status: 200),
            says: "answered ratelimited"),
        FailureRow(
            testDescription: "a rate limit", answer: .error("rate_limit_exceeded", status: 403),
            says: "answered rate_limit_exceeded"),
        FailureRow(
            testDescription: "too many requests", answer: .error("TooManyRequests"), says: "answered TooManyRequests"),
        FailureRow(
            testDescription: "a failure of the server in a success", answer: .error("internal_error", status: 200),
            says: "answered internal_error"),
        FailureRow(
            testDescription: "an outage in a success", answer: .error("service_unavailable", status: 200),
            says: "answered service_unavailable"),
        FailureRow(testDescription: "5xx", answer: .json("{}", status: 500), says: "HTTP 500"),
        FailureRow(testDescription: "5xx with a refusal", answer: .error("invalid_grant", status: 502), says: "502"),
        FailureRow(testDescription: "captive portal, 200", answer: page, says: "is there a network sign-in page?"),
        FailureRow(
            testDescription: "captive portal, redirect", answer: .redirect(302, to: "https://portal.example/"),
            says: "sent a redirect (HTTP 302)"),
        FailureRow(
            testDescription: "body not JSON", answer: .json("{\"access_token\":"), says: "sent an invalid answer"),
        FailureRow(
            testDescription: "a token of another type",
            answer: .json(#"{"access_token":"a","token_type":"mac","expires_in":60}"#), status: 77,
            says: "a token of type mac", hint: "run: keyfob login"),
        FailureRow(
            testDescription: "a token that would end its line",
            answer: .json(#"{"access_token":"a\nhost=evil.example","token_type":"Bearer"}"#), status: 77,
            says: "no access token, or one with invalid characters", hint: "run: keyfob login"),
        // The request did not arrive twice: it is repeated once, immediately.
        FailureRow(
            testDescription: "network down", answer: .lostRequest, says: "closed the connection before it had answered",
            requests: 2),
    ]

    @Test(arguments: rows)
    func `with a client that keyfob registered`(_ row: FailureRow) async throws {
        try await FailureBench.run(.registered) { try await $0.checkRefresh(row) }
    }

    @Test func `invalid_client, with a client that the user registered: nothing is deleted`() async throws {
        let row = FailureRow(
            testDescription: "", answer: .error("invalid_client", status: 401), status: 77,
            says: "the refresh was refused: 127.0.0.1 answered invalid_client", hint: "run: keyfob login")
        try await FailureBench.run(.configured) { try await $0.checkRefresh(row) }
    }

    @Test func `invalid_client, and keyfob may ask: one new registration, one sign-in`() async throws {
        try await FailureBench.run(.registered) { bench in
            try await bench.erase(try await bench.signIn())
            let first = try #require(bench.server.registeredClients.first)
            bench.server.forgetClient(first)
            let result = try await bench.get(asking: true)
            #expect(result.status == 0, "\(result.complaint)")
            #expect(bench.registrations == 2)
            #expect(bench.server.registeredClients != [first])
            #expect(bench.session.browserOpenings == 2)
        }
    }

    @Test func `repeated invalid_client does not cause repeated registrations`() async throws {
        try await FailureBench.run(.registered) { bench in
            try await bench.erase(try await bench.signIn())
            bench.fail("/token", with: .error("invalid_client", status: 401))
            #expect(try await bench.get(asking: true).status == 78)
            // The first sign-in, the refresh, and the sign-in with a new registration.
            #expect(bench.requests(to: "/token") == 3)
            for _ in 0..<2 { #expect(try await bench.get(asking: true).status == 78) }
            #expect(bench.registrations == 2)
        }
    }

    @Test func `invalid_grant, and keyfob may ask: one sign-in`() async throws {
        try await FailureBench.run(.registered) { bench in
            try await bench.erase(try await bench.signIn())
            bench.fail("/token", once: [.error("invalid_grant")])
            #expect(try await bench.get().status == 77)
            #expect(try await bench.session.run(["keyfob", "status"]).output.contains("ended by the server: sign in"))
            #expect(try await bench.get(asking: true).status == 0)
            #expect(bench.session.browserOpenings == 2)
            #expect(bench.registrations == 1)
        }
    }

    @Test func `refresh response lost in transit: requested once more, and the caller notices nothing`() async throws {
        try await FailureBench.run(.registered, { $0.rotates = false }) { bench in
            try await bench.erase(try await bench.signIn())
            bench.fail("/token", once: [.lostAnswer])
            let result = try await bench.get()
            #expect(result.status == 0, "\(result.complaint)")
            #expect(result.stderr.isEmpty)
            #expect(bench.server.requests(to: "/token").map(\.status) == [200, 200, 200])
        }
    }

    @Test func `refresh response lost in transit, at a server that accepts no second request: explained`() async throws
    {
        let row = FailureRow(
            testDescription: "", answer: .lostAnswer, status: 77,
            says: "the answer to the last refresh was lost", hint: "run: keyfob login", keepsGrant: false,
            requests: 2)
        try await FailureBench.run(.registered) { bench in
            try await bench.erase(try await bench.signIn())
            bench.fail("/token", once: [.lostAnswer])
            row.check(try await bench.get())
            #expect(bench.server.requests(to: "/token").compactMap(\.error) == ["invalid_grant"])
            #expect(try await bench.hasRegistration)
            #expect(bench.session.browserOpenings == 1)
        }
    }

    /// The rest of a token's lifetime is better than no token.
    @Test(
        .enabled(if: (try? KernelKeyring.open()) != nil, "needs the kernel's keyrings"),
        arguments: [
            ScriptedResponse.lostRequest, .json("{}", status: 503), page, .redirect(302, to: "https://portal.example/"),
        ])
    func `while the access token is valid, it is returned`(_ answer: ScriptedResponse) async throws {
        try await FailureBench.run { bench in
            let token = try await bench.signIn()
            bench.fail("/token", with: answer)
            try bench.age()
            let result = try await bench.get()
            #expect(result.output.password == token, "\(result.complaint)")
            #expect(result.status == 0)
            // A refresh was attempted.
            #expect(bench.requests(to: "/token") > 1)
        }
    }

    /// Answers to each refresh, with the number of requests of one. A request without an answer is repeated.
    static let lasting: [(ScriptedResponse, Int)] = [(.lostRequest, 2), (page, 1), (.json("{}", status: 502), 1)]

    @Test(arguments: lasting)
    func `that fails each time is no obstacle for keyfob login`(_ answer: ScriptedResponse, _ requests: Int)
        async throws
    {
        try await FailureBench.run(.registered) { bench in
            try await bench.erase(try await bench.signIn())
            bench.fail("/token", once: Array(repeating: answer, count: 2 * requests))
            let waiting = try await bench.get(asking: true)
            #expect(waiting.status == 75, "\(waiting.complaint)")
            #expect(waiting.complaint.contains("hint: if this does not end: keyfob login \(bench.service)\n"))
            let result = try await bench.login()
            #expect(result.status == 0, "\(result.complaint)")
            #expect(bench.session.browserOpenings == 2)
        }
    }

    /// Servers that do not know the parameter `resource` (RFC 8707) say so in words of their own.
    @Test(arguments: [
        "{\"error\":\"invalid_target\"}", "{\"error\":\"invalid_resource\"}",
        "{\"error\":\"invalid_request\",\"error_description\":\"Unknown parameter: resource\"}",
        "{\"error\":\"invalid_request\",\"error_description\":\"The 'resource' parameter is not supported.\"}",
        "{\"error\":\"InvalidRequest\",\"message\":\"unexpected field \\\"resource\\\"\"}",
    ])
    func `of a resource that the server does not know leads to the setting`(_ body: String) async throws {
        try await FailureBench.run(.registered, more: "resource = \"https://git.example.com/\"") { bench in
            try await bench.erase(try await bench.signIn())
            bench.fail("/token", with: .json(body, status: 400))
            for result in [try await bench.get(asking: true), try await bench.login(["--force"])] {
                #expect(result.status == 77 || result.status == 78, "\(result.complaint)")
                let line = "set resource = false for [host.\"\(bench.service)\"] in the configuration"
                #expect(result.complaint.contains(line), "\(result.complaint)")
            }
        }
    }
}
