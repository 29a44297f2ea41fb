import AuthorizationServer
import TestSupport
import Testing

/// Rows of the failure table in which a sign-in fails before the user is asked: at the metadata, the registration, the
/// pushed request, and the device authorization endpoint.
@Suite(.timeLimit(.withTurns)) struct `Failure table, before the sign-in` {
    private static let page = ScriptedResponse(
        status: 200, headers: [("Content-Type", "text/html")], body: Array("<html>Welcome".utf8))

    private static func check(_ row: FailureRow, at path: String, _ bench: FailureBench) async throws {
        bench.fail(path, with: row.answer)
        row.check(try await bench.login())
        #expect(bench.requests(to: path) == row.requests)
        #expect(bench.session.browserOpenings == 0)
        bench.server.intercept(nil)
        let result = try await bench.login()
        #expect(result.status == 0, "\(result.complaint)")
    }

    static let metadata: [FailureRow] = [
        // Harmless requests are retried twice, at each of the two locations.
        FailureRow(testDescription: "5xx", answer: .json("{}", status: 500), says: "HTTP 500", requests: 6),
        FailureRow(testDescription: "503", answer: .json("{}", status: 503), says: "HTTP 503", requests: 6),
        FailureRow(testDescription: "501", answer: .json("{}", status: 501), says: "HTTP 501", requests: 2),
        FailureRow(
            testDescription: "network down", answer: .lostRequest, says: "closed the connection before", requests: 2),
        FailureRow(testDescription: "body not JSON", answer: .json("{"), says: "sent an invalid answer", requests: 2),
        // If a location has a page for people, or nothing, the next one is tried.
        FailureRow(
            testDescription: "captive portal, 200", answer: page,
            says: "is there a network sign-in "
                + "page?", requests: 2),
        FailureRow(
            testDescription: "captive portal, redirect", answer: .redirect(302, to: "https://portal.example/"),
            says: "sent a redirect (HTTP 302)", requests: 2),
        FailureRow(
            testDescription: "404", answer: .json("{}", status: 404), status: 78,
            says: "publishes no authorization server metadata", hint: "if you know its endpoints, write into",
            requests: 2),
    ]

    @Test(arguments: metadata)
    func `at the metadata`(_ row: FailureRow) async throws {
        try await FailureBench.run { try await Self.check(row, at: "/.well-known/", $0) }
    }

    @Test func `PKCE unadvertised: no sign-in without it`() async throws {
        let row = FailureRow(
            testDescription: "", status: 78, says: "does not announce PKCE with S256", hint: "if the server supports it"
        )
        try await FailureBench.run(.configured, { $0.advertisesPKCE = false }) { bench in
            row.check(try await bench.login())
            #expect(bench.session.browserOpenings == 0)
        }
    }

    @Test func `5xx at the metadata, then success: the user notices nothing`() async throws {
        try await FailureBench.run { bench in
            bench.fail("/.well-known/", once: [.json("{}", status: 502), .json("{}", status: 503)])
            let result = try await bench.login()
            #expect(result.status == 0, "\(result.complaint)")
            #expect(bench.requests(to: "/.well-known/") == 3)
        }
    }

    static let registrations: [FailureRow] = [
        FailureRow(testDescription: "5xx", answer: .json("{}", status: 500), says: "HTTP 500"),
        FailureRow(testDescription: "network down", answer: .lostAnswer, says: "closed the connection before"),
        FailureRow(
            testDescription: "closed", answer: .error("invalid_token", status: 401), status: 78,
            says: "and cannot register itself there", hint: "register a client there with the redirect URI"),
        FailureRow(
            testDescription: "invalid_client_metadata", answer: .error("invalid_client_metadata"), status: 78,
            says: "the server did not register keyfob: 127.0.0.1 answered invalid_client_metadata",
            hint: "register a client there with the redirect URI http://127.0.0.1/callback, then run: keyfob login",
            requests: 3),
        FailureRow(
            testDescription: "invalid_request", answer: .error("invalid_request"), status: 78,
            says: "answered invalid_request",
            hint: "register a client there with the redirect URI http://127.0.0.1/callback, then run: keyfob login",
            requests: 3),
    ]

    @Test(arguments: registrations)
    func `at the registration`(_ row: FailureRow) async throws {
        try await FailureBench.run(.registered) { try await Self.check(row, at: "/register", $0) }
    }

    @Test func `invalid_redirect_uri at the registration: localhost instead of 127.0.0.1, once`() async throws {
        try await FailureBench.run(.registered, { $0.registration.refusedRedirectHosts = ["127.0.0.1"] }) { bench in
            let result = try await bench.login()
            #expect(result.status == 0, "\(result.complaint)")
            let asked = bench.server.requests(to: "/register").compactMap { $0.json?["redirect_uris"]?.texts?.first }
            #expect(asked.map { String($0.prefix(17)) } == ["http://127.0.0.1:", "http://localhost:"])
            let redirect = bench.server.requests(to: "/authorize").first?.fields["redirect_uri"]
            #expect(redirect == asked.last)
        }
    }

    static let pushes: [FailureRow] = [
        FailureRow(testDescription: "5xx", answer: .json("{}", status: 500), says: "HTTP 500"),
        FailureRow(testDescription: "captive portal, 200", answer: page, says: "is there a network sign-in page?"),
        FailureRow(
            testDescription: "invalid_request", answer: .error("invalid_request"), status: 77, says: "invalid_request",
            hint: "to try again: keyfob login http"),
        FailureRow(
            testDescription: "invalid_scope", answer: .error("invalid_scope"), status: 78, says: "invalid_scope",
            hint: "ask for those that you need of the ones that the server lists: keyfob login --force --scope "),
    ]

    @Test(arguments: pushes)
    func `at the pushed request`(_ row: FailureRow) async throws {
        try await FailureBench.run(.configured, { $0.pushedRequests = .required }) {
            try await Self.check(row, at: "/par", $0)
        }
    }

    static let devices: [FailureRow] = [
        FailureRow(testDescription: "5xx", answer: .json("{}", status: 500), says: "HTTP 500"),
        FailureRow(testDescription: "captive portal, 200", answer: page, says: "is there a network sign-in page?"),
        FailureRow(
            testDescription: "unauthorized_client", answer: .error("unauthorized_client"), status: 78,
            says: "unauthorized_client", hint: "compare the client id with the registration"),
    ]

    @Test(arguments: devices)
    func `at the device authorization endpoint`(_ row: FailureRow) async throws {
        try await FailureBench.run(more: "flow = \"device\"", { $0.device.isOffered = true }) {
            try await Self.check(row, at: "/device_authorization", $0)
        }
    }

    @Test func `5xx and a lost answer during the polling: polling continues`() async throws {
        try await FailureBench.run(more: "flow = \"device\"", { $0.device.isOffered = true }) { bench in
            bench.fail("/token", once: [.json("{}", status: 500), .lostRequest])
            let result = try await bench.login()
            #expect(result.status == 0, "\(result.complaint)")
            // Two failed polls, one without a decision, and the last one.
            #expect(bench.requests(to: "/token") == 4)
        }
    }
}
