import AuthorizationServer
import TestSupport
import Testing

/// Servers whose metadata or endpoints are wrong in something that a sign-in can do without, and hints with lines for the
/// configuration. The tests follow each hint literally.
@Suite(.timeLimit(.withTurns)) struct `A way on` {
    /// The lines that a hint says to write, as a file.
    private static func lines(in complaint: String) throws -> String {
        let hint = try #require(
            complaint.split(separator: "\n").first { $0.contains(", and in the next lines ") }, "\(complaint)")
        #expect(hint.contains("/.config/keyfob/config.toml: [host.\""), "\(hint)")
        let entry = try #require(hint.firstMatch(of: /\[host\."[^"]*"\]/)).0
        let keys = hint.matches(of: /([a-z_]+) = ("[^"]*"|\[[^\]]*\])/).map { "\($0.1) = \($0.2)" }
        return ([String(entry)] + keys).joined(separator: "\n") + "\n"
    }

    // Pushed requests (RFC 9126).

    static let pushRefusals: [ScriptedResponse] = [
        .error("invalid_client", status: 401), .error("invalid_request"), .error("unauthorized_client"),
        .error("insufficient_scope", status: 403), .error("request_not_supported"),
        .error("invalid_request_object", status: 422),
    ]

    @Test(arguments: [FailureBench.Identity.configured, .registered])
    func `is a plain request if an optional endpoint for pushed ones refuses them`(
        _ identity: FailureBench.Identity
    ) async throws {
        try await FailureBench.run(identity, { $0.pushedRequests = .optional }) { bench in
            for refusal in Self.pushRefusals {
                bench.fail("/par", with: refusal)
                let result = try await bench.login(["--force"])
                #expect(result.status == 0, "\(refusal.status) \(result.complaint)")
            }
            #expect(bench.requests(to: "/par") == Self.pushRefusals.count)
            #expect(bench.session.browserOpenings == Self.pushRefusals.count)
            #expect(bench.registrations == (identity == .registered ? 1 : 0))
        }
    }

    /// The server's authorization endpoint does not know the client either, so the browser would stay on its error page.
    @Test func `is another registration if the server has forgotten the client`() async throws {
        try await FailureBench.run(.registered, { $0.pushedRequests = .optional }) { bench in
            #expect(try await bench.login().status == 0)
            bench.server.forgetClient(try #require(bench.server.registeredClients.first))
            let result = try await bench.login(["--force"])
            #expect(result.status == 0, "\(result.complaint)")
            #expect(bench.registrations == 2)
            #expect(bench.session.browserOpenings == 2)
        }
    }

    @Test(arguments: [FailureBench.Identity.configured, .registered])
    func `is a configuration with the endpoints if required pushed requests do not work`(
        _ identity: FailureBench.Identity
    ) async throws {
        try await FailureBench.run(identity, { $0.pushedRequests = .required }) { bench in
            bench.fail("/par", with: .json("{}", status: 404))
            let result = try await bench.login()
            #expect(result.status == 78, "\(result.complaint)")
            #expect(result.complaint.contains("_request_endpoint, \(bench.server.issuer)/par, does not work: "))
            bench.server.reconfigure { $0.pushedRequests = .off }
            try bench.session.configure(try Self.lines(in: result.complaint))
            let followed = try await bench.login()
            #expect(followed.status == 0, "\(followed.complaint)")
            #expect(try await bench.get().status == 0)
        }
    }

    // The issuer in the answer (RFC 9207).

    @Test(arguments: ["", "&iss="])
    func `is a configuration with the endpoints if the answer lacks the announced issuer`(more: String) async throws {
        try await FailureBench.run(.registered, { $0.issuerParameter = .omitted }) { bench in
            bench.server.reconfigure { $0.changesResponse = { $0 + more } }
            let result = try await bench.login()
            #expect(result.status == 77, "\(result.complaint)")
            let says =
                "the answer does not name its issuer, although \(bench.server.issuer) announces that its answers do\n"
            #expect(result.complaint.contains(says), "\(result.complaint)")
            #expect(bench.requests(to: "/token") == 0)
            try bench.session.configure(try Self.lines(in: result.complaint))
            let followed = try await bench.login()
            #expect(followed.status == 0, "\(followed.complaint)")
            #expect(bench.registrations == 1)
        }
    }

    // Metadata.

    @Test func `is a configuration with the endpoints if the metadata lack them`() async throws {
        try await FailureBench.run(
            .registered,
            {
                $0.extraMetadata["token_endpoint"] = .null
                $0.clients.append(RegisteredClient(id: "mine", redirectURIs: ["http://127.0.0.1/callback"]))
            }
        ) { bench in
            let result = try await bench.login()
            #expect(result.status == 78, "\(result.complaint)")
            let issuer = bench.server.issuer
            let lines = try Self.lines(in: result.complaint)
                .replacing(
                    "authorization_endpoint = \"https://...\"", with: "authorization_endpoint = \"\(issuer)/authorize\""
                )
                .replacing("token_endpoint = \"https://...\"", with: "token_endpoint = \"\(issuer)/token\"")
            #expect(lines.hasPrefix("[host.\"\(bench.service)\"]\n"))
            try bench.session.configure(lines)
            #expect(
                result.complaint.contains("run: keyfob login --client-id ID \(bench.service)\n"), "\(result.complaint)")
            let followed = try await bench.login(["--client-id", "mine"])
            #expect(followed.status == 0, "\(followed.complaint)")
            #expect(try await bench.get().status == 0)
        }
    }

    @Test(arguments: ["token_endpoint", "authorization_endpoint", "issuer", "registration_endpoint"])
    func `is to read a member that occurs twice with one value`(member: String) async throws {
        try await FailureBench.run(.registered) { bench in
            let issuer = bench.server.issuer
            let paths = [
                "token_endpoint": "/token", "authorization_endpoint": "/authorize", "issuer": "",
                "registration_endpoint": "/register",
            ]
            let members = (Array(paths) + paths.filter { $0.key == member })
                .map { "\"\($0.key)\":\"\(issuer)\($0.value)\"" }
            let document =
                "{" + (members + ["\"code_challenge_methods_supported\":[\"S256\"]"]).joined(separator: ",") + "}"
            bench.fail("/.well-known/", with: .json(document))
            let result = try await bench.login()
            #expect(result.status == 0, "\(result.complaint)")
        }
    }

    // Resources (RFC 8707).

    /// The server gives tokens for the resource at a sign-in only. No caller opens a browser each time, and the line of the
    /// hint ends it.
    @Test func `is a line for the resource if only refreshes refuse it`() async throws {
        try await FailureBench.run(.registered, more: "resource = \"https://git.example.com/\"") { bench in
            try await bench.erase(try await bench.signIn())
            bench.fail("/token", with: .error("invalid_target"))
            for _ in 0..<2 {
                let result = try await bench.get(asking: true)
                #expect(result.status == 77, "\(result.complaint)")
                let says = "refreshes no token for the resource https://git.example.com/\n"
                #expect(result.complaint.contains(says), "\(result.complaint)")
                let line = "hint: set resource = false for [host.\"\(bench.service)\"] in the configuration; "
                let hints = result.complaint.split(separator: "\n").filter { $0.contains("hint:") }
                #expect(hints.first?.contains(line) == true, "\(result.complaint)")
                #expect(hints.dropFirst().first?.hasSuffix("then run: keyfob login \(bench.service)") == true)
            }
            #expect(bench.session.browserOpenings == 1)
            // A user who wants one more token gets it.
            bench.fail("/token", once: [.error("invalid_target")])
            let once = try await bench.login()
            #expect(once.status == 0, "\(once.complaint)")
            #expect(bench.session.browserOpenings == 2)
            bench.server.intercept(nil)
            try bench.session.configure(
                "[host.\"\(bench.service)\"]\nissuer = \"\(bench.server.issuer)\"\nresource = false\n")
            let followed = try await bench.login()
            #expect(followed.status == 0, "\(followed.complaint)")
            try await bench.erase(try #require(try await bench.get().output.password))
            #expect(try await bench.get().status == 0)
            #expect(bench.server.requests(to: "/token").last?.fields["resource"] == nil)
        }
    }

    // Revocation (RFC 7009).

    @Test func `is to say that tokens may be valid if the server answers 200 with an error`() async throws {
        try await FailureBench.run { bench in
            for (error, says) in [
                (
                    "unsupported_token_type",
                    "the revocation is not confirmed (127.0.0.1 answered unsupported_token_type)"
                ),
                ("invalid_token", "the server has revoked the tokens"),
            ] {
                #expect(try await bench.login().status == 0)
                bench.fail("/revoke", with: .error(error, status: 200))
                let result = try await bench.session.run(["keyfob", "logout", bench.service])
                #expect((result.output + result.complaint).contains(says), "\(result.output) \(result.complaint)")
                bench.server.intercept(nil)
            }
        }
    }

    @Test(arguments: ["<html>You are signed out", "<!DOCTYPE html><title>Sign in to the network</title>"])
    func `is to say that tokens may be valid if the server answers with a page`(_ page: String) async throws {
        try await FailureBench.run { bench in
            #expect(try await bench.login().status == 0)
            bench.fail(
                "/revoke",
                with: ScriptedResponse(
                    status: 200, headers: [("Content-Type", "text/html; charset=utf-8")], body: Array(page.utf8)))
            let result = try await bench.session.run(["keyfob", "logout", bench.service])
            #expect(
                (result.output + result.complaint).contains("the revocation is not confirmed"), "\(result.complaint)")
        }
    }

    @Test(arguments: ["", "\n", "OK", "revoked"])
    func `is none if the answer to a revocation is no page`(_ text: String) async throws {
        try await FailureBench.run { bench in
            #expect(try await bench.login().status == 0)
            bench.fail(
                "/revoke",
                with: ScriptedResponse(
                    status: 200, headers: [("Content-Type", "text/html; charset=utf-8")], body: Array(text.utf8)))
            let result = try await bench.session.run(["keyfob", "logout", bench.service])
            #expect((result.output + result.complaint).contains("the server has revoked"), "\(result.complaint)")
        }
    }

    // A server with the device flow and no other (RFC 8414 section 2).

    @Test(arguments: [[], ["--flow", "device"]])
    func `is the device flow if the server has no other`(_ options: [String]) async throws {
        try await FailureBench.run(
            .registered,
            {
                $0.extraMetadata["authorization_endpoint"] = .null
                $0.device.isOffered = true
            }
        ) { bench in
            bench.server.reconfigure { $0.device.pendingPolls = 0 }
            let result = try await bench.login(options)
            #expect(result.status == 0, "\(result.complaint)")
            #expect(bench.session.browserOpenings == 0)
            #expect(try await bench.get().status == 0)
            let other = try await bench.login(["--force", "--flow", "paste"])
            #expect(other.status == 78, "\(other.complaint)")
            #expect(other.complaint.contains("the server announces no authorization_endpoint"), "\(other.complaint)")
        }
    }

    @Test func `is the device flow with endpoints in the configuration`() async throws {
        try await FailureBench.run(.configured, { $0.device.isOffered = true }) { bench in
            bench.server.reconfigure { $0.device.pendingPolls = 0 }
            let issuer = bench.server.issuer
            try bench.session.configure(
                """
                [host."\(bench.service)"]
                token_endpoint = "\(issuer)/token"
                device_authorization_endpoint = "\(issuer)/device_authorization"
                client_id = "keyfob-demo"

                """)
            let result = try await bench.login()
            #expect(result.status == 0, "\(result.complaint)")
            #expect(try await bench.get().status == 0)
        }
    }

    // Names of a server that no client may use.

    @Test(arguments: [
        "http://git.example.com", "https://login.example.com/{tenantid}/v2.0", "https://login.example.com ",
    ])
    func `never proposes an issuer that the configuration would refuse`(_ issuer: String) async throws {
        try await FailureBench.run(.registered, { $0.extraMetadata["issuer"] = .string(issuer) }) { bench in
            let result = try await bench.login()
            #expect(result.status == 78, "\(result.complaint)")
            #expect(result.complaint.contains("belongs to another issuer: "), "\(result.complaint)")
            #expect(!result.complaint.contains("set issuer = \"\(issuer)"), "\(result.complaint)")
            #expect(try Self.lines(in: result.complaint).contains("token_endpoint = "))
        }
    }
}
