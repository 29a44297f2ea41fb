import AuthorizationServer
import TestSupport
import Testing

/// Rows of the failure table in which a sign-in fails: the earlier grant does not change, the code is sent once, the
/// user is not asked twice.
@Suite(.timeLimit(.withTurns)) struct `Failure table, sign-in` {
    private static let page = ScriptedResponse(
        status: 200, headers: [("Content-Type", "text/html")], body: Array("<html>Welcome".utf8))

    /// Signs in again, which fails at `path` as in `row`, and then checks that the first sign-in still works.
    private static func checkSecondLogin(
        _ row: FailureRow, _ bench: FailureBench, at path: String, browsers: Int
    ) async throws {
        let token = try await bench.signIn()
        let (before, hadRegistration) = (bench.requests(to: path), try await bench.hasRegistration)
        bench.fail(path, with: row.answer)
        row.check(try await bench.login(["--force"]))
        #expect(bench.requests(to: path) - before == row.requests)
        #expect(bench.session.browserOpenings == 1 + browsers)
        bench.server.intercept(nil)
        try await bench.erase(token)
        #expect(try await bench.get().status == (row.keepsGrant ? 0 : 77))
        #expect(try await bench.hasRegistration == (hadRegistration && row.keepsRegistration))
    }

    /// A failure after which the code may be spent, so that it is not called temporary.
    private static func spent(_ name: String, _ answer: ScriptedResponse, says: String) -> FailureRow {
        FailureRow(
            testDescription: name, answer: answer, status: 77, says: says,
            hint: "its code cannot be used again; sign in again: keyfob login --force http://127.0.0.1:")
    }

    static let exchanges: [FailureRow] = [
        FailureRow(
            testDescription: "invalid_grant on code exchange", answer: .error("invalid_grant"), status: 77,
            says: "answered invalid_grant",
            hint: "the code was already used, has expired, or is for another "
                + "client; check the clock"
        ),
        spent("503", .json("{}", status: 503), says: "HTTP 503"),
        spent("429", .json("{}", status: 429), says: "HTTP 429"),
        spent("5xx", .json("{}", status: 500), says: "HTTP 500"),
        spent("a page with 502", ScriptedResponse(status: 502, body: page.body), says: "HTTP 502"),
        spent("server_error", .error("server_error"), says: "server_error"),
        spent("captive portal, 200", page, says: "is there a network sign-in page?"),
        spent("captive portal, redirect", .redirect(307, to: "https://portal.example/"), says: "redirect (HTTP 307)"),
        spent("body not JSON", .json("{"), says: "sent an invalid answer"),
        spent("an empty 200", ScriptedResponse(status: 200), says: "did not answer with JSON"),
        spent("network down", .lostAnswer, says: "closed the connection before"),
        spent("no access token", .json(#"{"token_type":"Bearer"}"#), says: "no access token"),
        spent("a token of two lines", .json(#"{"access_token":"a\nb"}"#), says: "invalid characters"),
        spent("half an answer", .json("{}").delivered(.cut), says: "closed the connection"),
        FailureRow(
            testDescription: "a token of another type", answer: .json(#"{"access_token":"a","token_type":"mac"}"#),
            status: 77, says: "a token of type mac",
            hint: "register a client there that gets Bearer tokens, then run: keyfob login --force --client-id ID http"),
        FailureRow(
            testDescription: "an unknown error", answer: .error("quota_of_the_moon", status: 403), status: 77,
            says: "quota_of_the_moon", hint: "to try again: keyfob login --force http"),
        FailureRow(
            testDescription: "an empty 400", answer: ScriptedResponse(status: 400), status: 77, says: "HTTP 400",
            hint: "to see what the server supports: keyfob doctor http"),
        FailureRow(
            testDescription: "200 with an error", answer: .error("bad_verification_code", status: 200), status: 77,
            says: "bad_verification_code", hint: "the code was already used, has expired"),
        FailureRow(
            testDescription: "redirect_uri mismatch", answer: .error("redirect_uri_mismatch", status: 200), status: 78,
            says: "redirect_uri_mismatch",
            hint: "set redirect_uri to the one that is registered at the server, for [host.\"http"),
        FailureRow(
            testDescription: "invalid_target", answer: .error("invalid_target"), status: 78, says: "invalid_target",
            hint: "set resource = false for [host.\"http"),
    ]

    @Test(arguments: exchanges)
    func `at the code exchange`(_ row: FailureRow) async throws {
        try await FailureBench.run(.registered) { bench in
            try await Self.checkSecondLogin(row, bench, at: "/token", browsers: 1)
        }
    }

    @Test func `invalid_client for an older registration: registers again once, and signs in once more`() async throws {
        try await FailureBench.run(.registered) { bench in
            _ = try await bench.signIn()
            bench.fail("/token", once: [.error("invalid_client", status: 401)])
            let result = try await bench.login(["--force"])
            #expect(result.status == 0, "\(result.complaint)")
            #expect(bench.registrations == 2)
            #expect(bench.session.browserOpenings == 3)
        }
    }

    static let refusals: [FailureRow] = [
        (ScriptedResponse.error("invalid_client", status: 401), "invalid_client"),
        (.error("unauthorized_client"), "unauthorized_client"),
        (.error("invalid_redirect_uri"), "invalid_redirect_uri"),
        (.error("client_not_found", status: 404), "client_not_found"),
        (.error("Client authentication failed", status: 403), "Client authentication failed"),
    ].map {
        FailureRow(
            testDescription: $1, answer: $0, status: 78,
            says: "the server does not accept the client as which it registered keyfob: 127.0.0.1 answered \($1)",
            hint: "register a client there yourself with the redirect URI http://127.0.0.1/callback, then run: "
                + "keyfob login --client-id ID --client-secret http")
    }

    @Test(arguments: refusals)
    func `a new registration is refused: no run makes another one unasked, and it is used as soon as it works`(
        _ row: FailureRow
    ) async throws {
        var row = row
        try await FailureBench.run(.registered) { bench in
            bench.fail("/token", with: row.answer)
            for _ in 0..<3 { row.check(try await bench.login()) }
            #expect(bench.registrations == 1)
            #expect(bench.requests(to: "/token") == 3)
            row.hint = "or, if the server has changed since, run: keyfob login --register http"
            row.check(try await bench.login(["--register"]))
            // The one that did not help is deleted at the server, too.
            #expect(bench.server.registeredClients.count == 1)
            #expect(bench.registrations == 2)
            bench.server.intercept(nil)
            let result = try await bench.login()
            #expect(result.status == 0, "\(result.complaint)")
            #expect(bench.registrations == 2)
        }
    }

    @Test func `an older registration is refused, and so is another one: the older one stays, and no run makes more`()
        async throws
    {
        try await FailureBench.run(.registered) { bench in
            _ = try await bench.signIn()
            bench.fail("/token", with: .error("unauthorized_client"))
            for _ in 0..<3 { #expect(try await bench.login(["--force"]).status == 78) }
            #expect(bench.registrations == 2)
            #expect(bench.server.registeredClients.count == 1)
            bench.server.intercept(nil)
            #expect(try await bench.login(["--force"]).status == 0)
            // After a success, another registration may help again.
            bench.fail("/token", once: [.error("unauthorized_client")])
            #expect(try await bench.login(["--force"]).status == 0)
            #expect(bench.registrations == 3)
        }
    }

    @Test func `invalid_client at the code exchange, with a client that the user registered`() async throws {
        let row = FailureRow(
            testDescription: "", answer: .error("invalid_client", status: 401), status: 78,
            says: "the server does not accept the client keyfob-demo: 127.0.0.1 answered invalid_client",
            hint: "compare the client id with the registration at the server; for another one, run: "
                + "keyfob login --force --client-id ID http")
        try await FailureBench.run(.configured) { bench in
            try await Self.checkSecondLogin(row, bench, at: "/token", browsers: 1)
        }
    }

    static let authorizations: [FailureRow] = [
        FailureRow(testDescription: "access_denied", status: 77, says: "was refused", hint: "to try again: "),
        FailureRow(testDescription: "server_error", says: "server_error"),
        FailureRow(testDescription: "temporarily_unavailable", says: "temporarily_unavailable"),
        FailureRow(
            testDescription: "invalid_scope", status: 78, says: "invalid_scope",
            hint: "ask for those that you need of the ones that the server lists: keyfob login --force --scope "),
        FailureRow(
            testDescription: "invalid_target", status: 78, says: "invalid_target",
            hint: "set resource = false for [host.\"http"),
        FailureRow(
            testDescription: "unauthorized_client", status: 78, says: "unauthorized_client",
            hint: "compare the client id with the registration"),
        FailureRow(
            testDescription: "invalid_request", status: 77, says: "invalid_request",
            hint: "to try again: keyfob login --force http"),
    ]

    @Test(arguments: authorizations)
    func `at the authorization endpoint`(_ row: FailureRow) async throws {
        try await FailureBench.run { bench in
            let token = try await bench.signIn()
            bench.server.reconfigure { $0.authorizationError = row.testDescription }
            row.check(try await bench.login(["--force"]))
            #expect(bench.session.browserOpenings == 2)
            #expect(bench.requests(to: "/token") == 1)
            try await bench.erase(token)
            #expect(try await bench.get().status == 0)
        }
    }

    @Test func `access_denied: the user declines, and git is not told to try again`() async throws {
        try await FailureBench.run(.registered, { $0.signsInAtOnceAs = nil }) { bench in
            var bench = bench
            bench.session = bench.session.withBrowser("--user demo --password demo --mode deny")
            let row = FailureRow(testDescription: "", status: 77, says: "was refused", hint: "to try again: ")
            row.check(try await bench.get(asking: true))
            #expect(bench.session.browserOpenings == 1)
            #expect(bench.requests(to: "/token") == 0)
            #expect(try await bench.hasRegistration)
        }
    }

    @Test func `invalid_scope: requested once more without the scope that only keyfob added`() async throws {
        let resource = ProtectedResource()
        try await FailureBench.run(
            .registered,
            {
                $0.extraMetadata["scopes_supported"] = ["read_repository", "offline_access"]
                $0.resources = [resource]
            }
        ) { bench in
            try bench.session.configure("")
            let result = try await bench.session.run(["keyfob", "login", bench.server.origin + resource.path])
            #expect(result.status == 0, "\(result.complaint)")
            let asked = bench.server.requests(to: "/authorize").map { $0.fields["scope"] ?? "" }
            #expect(asked.map { $0.contains("offline_access") } == [true, false])
            #expect(bench.registrations == 1)
        }
    }

    /// The service names the scopes, and the server refuses one that its own metadata do not list.
    @Test func `invalid_scope: requested once more without the scopes that the server does not list`() async throws {
        var resource = ProtectedResource()
        resource.extraMetadata["scopes_supported"] = ["read_repository", "tools:call"]
        let wanted = resource
        try await FailureBench.run(.registered, { $0.resources = [wanted] }) { bench in
            try bench.session.configure("")
            let result = try await bench.session.run(["keyfob", "login", bench.server.origin + wanted.path])
            #expect(result.status == 0, "\(result.complaint)")
            let asked = bench.server.requests(to: "/authorize").map { $0.fields["scope"] ?? "" }
            #expect(asked == ["read_repository tools:call", "read_repository"])
            #expect(bench.registrations == 1)
        }
    }

    /// Nothing says which of the scopes is wrong. The line of the hint works.
    @Test func `invalid_scope for scopes that the user did not choose: the hint leads on`() async throws {
        var resource = ProtectedResource()
        resource.extraMetadata["scopes_supported"] = ["tools:call"]
        let wanted = resource
        try await FailureBench.run(.registered, { $0.resources = [wanted] }) { bench in
            try bench.session.configure("")
            let service = bench.server.origin + wanted.path
            let refused = try await bench.session.run(["keyfob", "login", service])
            #expect(refused.status == 78, "\(refused.complaint)")
            #expect(refused.complaint.contains("for [host.\"\(service)\"] in the configuration; with scopes = []"))
            try bench.session.configure("[host.\"\(service)\"]\nscopes = []\n")
            let followed = try await bench.session.run(["keyfob", "login", service])
            #expect(followed.status == 0, "\(followed.complaint)")
        }
    }

    @Test func `network down: no server listens at the token endpoint`() async throws {
        let silent = try SilentPort()
        let row = FailureRow(testDescription: "", says: "cannot reach 127.0.0.1: connection refused", requests: 0)
        try await FailureBench.run { bench in
            bench.server.reconfigure {
                $0.extraMetadata["token_endpoint"] = .string("http://127.0.0.1:\(silent.port)/token")
            }
            row.check(try await bench.login())
            #expect(bench.session.browserOpenings == 1)
        }
        withExtendedLifetime(silent) {}
    }

    @Test func `network down: the name of the token endpoint does not resolve`() async throws {
        let row = FailureRow(testDescription: "", says: "cannot reach nowhere.invalid: its name was not found")
        try await FailureBench.run { bench in
            bench.server.reconfigure { $0.extraMetadata["token_endpoint"] = "https://nowhere.invalid/token" }
            row.check(try await bench.login())
            #expect(bench.session.browserOpenings == 1)
        }
    }
}
