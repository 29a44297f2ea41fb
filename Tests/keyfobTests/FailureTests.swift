import AuthorizationServer
import FoundationEssentials
import TestSupport
import Testing

/// What the built program does where the authorization server does not do its part: the status, one line with a hint,
/// nothing on standard output, and what is kept.
@Suite(.timeLimit(.minutes(5))) struct `Where the authorization server fails` {
    struct Failure: Sendable, CustomTestStringConvertible {
        var testDescription: String
        var answer: ScriptedResponse
        var status: Int32 = 75
        /// Stands in the one line.
        var says: String
        /// Whether the grant is still there when the server is well again.
        var keepsGrant = true
        /// How many requests the token endpoint sees.
        var requests = 1
    }

    private static func refused(_ error: String, status: Int = 400) -> ScriptedResponse {
        .json(#"{"error":"\#(error)"}"#, status: status)
    }

    private static let page = ScriptedResponse(
        status: 200, headers: [("Content-Type", "text/html")], body: Array("<html>Welcome".utf8))
    private static let redirect = ScriptedResponse(
        status: 307, headers: [("Location", "https://portal.example/")])

    static let refreshes: [Failure] = [
        Failure(testDescription: "500", answer: .json("{}", status: 500), says: "HTTP 500"),
        Failure(testDescription: "server_error", answer: refused("server_error"), says: "server_error"),
        Failure(
            testDescription: "temporarily_unavailable", answer: refused("temporarily_unavailable"),
            says: "temporarily_unavailable"),
        Failure(testDescription: "a captive portal", answer: page, says: "did not answer with JSON"),
        Failure(testDescription: "a redirect", answer: redirect, says: "redirects"),
        Failure(testDescription: "half an answer", answer: .json("{\"access_token\":"), says: "cannot be used"),
        Failure(
            testDescription: "invalid_client", answer: refused("invalid_client", status: 401), status: 78,
            says: "invalid_client"),
        Failure(testDescription: "invalid_scope", answer: refused("invalid_scope"), status: 78, says: "invalid_scope"),
        Failure(
            testDescription: "invalid_target", answer: refused("invalid_target"), status: 78, says: "invalid_target"),
        Failure(
            testDescription: "invalid_grant", answer: refused("invalid_grant"), status: 77,
            says: "no longer accepts the refresh token", keepsGrant: false),
        Failure(
            testDescription: "a token of another type",
            answer: .json(#"{"access_token":"a","token_type":"mac","expires_in":60}"#), status: 77, says: "mac"),
        Failure(
            testDescription: "a token that would end its line",
            answer: .json(#"{"access_token":"a\nhost=evil.example","token_type":"Bearer"}"#), status: 77,
            says: "characters that no token may have"),
    ]

    @Test(arguments: refreshes)
    func `a refresh says so in one line, and forgets only what is dead`(_ failure: Failure) async throws {
        try await Self.withServer { server, session in
            let first = try await session.run(["git-credential-keyfob", "get"], session.question(about: server))
            let token = try #require(first.output.password)
            _ = try await session.run(
                ["git-credential-keyfob", "erase"], session.question(about: server, "password=\(token)\n"))
            var quiet = session
            quiet.environment["KEYFOB_INTERACTION"] = "never"
            let before = server.requests(to: "/token").count
            server.intercept { _, path in path == "/token" ? failure.answer : nil }
            let failed = try await quiet.run(["git-credential-keyfob", "get"], session.question(about: server))
            Self.check(failed, failure)
            #expect(server.requests(to: "/token").count == before + failure.requests)
            server.intercept(nil)
            let later = try await quiet.run(["git-credential-keyfob", "get"], session.question(about: server))
            #expect(later.status == (failure.keepsGrant ? 0 : 77))
            #expect(session.browserOpenings == 1)
        }
    }

    static let exchanges: [Failure] = [
        Failure(testDescription: "500", answer: .json("{}", status: 500), says: "HTTP 500"),
        Failure(testDescription: "a captive portal", answer: page, says: "did not answer with JSON"),
        Failure(testDescription: "a redirect", answer: redirect, says: "redirects"),
        Failure(testDescription: "invalid_grant", answer: refused("invalid_grant"), status: 77, says: "invalid_grant"),
        Failure(
            testDescription: "invalid_client", answer: refused("invalid_client"), status: 78, says: "invalid_client"),
        Failure(
            testDescription: "200 with an error", answer: .json(#"{"error":"bad_verification_code"}"#), status: 77,
            says: "bad_verification_code"),
    ]

    @Test(arguments: exchanges)
    func `a code is shown to it once and nothing is kept`(_ failure: Failure) async throws {
        try await Self.withServer { server, session in
            server.intercept { _, path in path == "/token" ? failure.answer : nil }
            let failed = try await session.run(["keyfob", "login", session.service(of: server)])
            #expect(failed.status == failure.status, "\(failed.complaint)")
            #expect(failed.stdout.isEmpty)
            #expect(failed.complaint.contains(failure.says), "\(failed.complaint)")
            #expect(server.requests(to: "/token").count == failure.requests)
            #expect(session.browserOpenings == 1)
            #expect(try await session.run(["keyfob", "status"]).output == "not signed in anywhere\n")
        }
    }

    private static func check(_ result: CommandResult, _ failure: Failure) {
        let lines = result.complaint.split(separator: "\n")
        #expect(result.status == failure.status, "\(result.complaint)")
        #expect(result.stdout.isEmpty)
        #expect(lines.count(where: { !$0.contains("hint:") }) == 1, "\(result.complaint)")
        #expect(lines.first?.contains(failure.says) == true, "\(result.complaint)")
    }

    private static func withServer(_ body: (RunningServer, KeyfobSession) async throws -> Void) async throws {
        try await KeyfobSession.run { session in
            try await AuthorizationServer(.signingInAtOnce).run { server in
                try session.configure(for: server)
                try await body(server, session.withBrowser())
            }
        }
    }
}
