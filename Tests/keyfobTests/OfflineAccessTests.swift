import AuthorizationServer
import TestSupport
import Testing

/// Scopes of OpenID Connect that keyfob adds, and `prompt=consent`, which goes with `offline_access` (OpenID Connect Core
/// section 11).
@Suite(.timeLimit(.withTurns)) struct `A sign-in with OpenID Connect` {
    private static func prompts(_ bench: FailureBench, at path: String = "/authorize") -> [String?] {
        bench.server.requests(to: path).map { $0.fields["prompt"] }
    }

    private static func scopes(_ bench: FailureBench) -> [String?] {
        bench.server.requests(to: "/authorize").map { $0.fields["scope"] }
    }

    @Test func `at the service's own issuer requests openid and offline_access, if the server lists them`() async throws
    {
        try await FailureBench.run(.registered, { $0.scopes = ["openid", "offline_access", "repo"] }) { bench in
            try bench.session.configure("")
            let result = try await bench.session.run(["keyfob", "login", bench.server.origin])
            #expect(result.status == 0, "\(result.complaint)")
            #expect(Self.scopes(bench) == ["openid offline_access"])
            #expect(Self.prompts(bench) == ["consent"])
        }
    }

    /// The configured scopes, and whether they need consent.
    @Test(arguments: [
        ("repo offline_access", true), ("openid", false), ("offline_access.repo OFFLINE_ACCESS offline", false),
    ])
    func `asks for consent with offline_access only`(_ scopes: String, _ isAsked: Bool) async throws {
        let list = scopes.split(separator: " ").map { "\"\($0)\"" }.joined(separator: ", ")
        try await FailureBench.run(
            more: "scopes = [\(list)]",
            {
                $0.scopes += scopes.split(separator: " ").map(String.init)
            }
        ) { bench in
            let result = try await bench.login()
            #expect(result.status == 0, "\(result.complaint)")
            #expect(Self.prompts(bench) == [isAsked ? "consent" : nil])
        }
    }

    private static let refusals = [
        "invalid_request", "server_error", "temporarily_unavailable", "consent_required", "interaction_required",
        "unsupported_prompt",
    ]

    @Test func `signs in without the prompt if the server refuses it`() async throws {
        try await FailureBench.run(more: Self.offline, { $0.scopes.append("offline_access") }) { bench in
            for error in Self.refusals {
                bench.server.reconfigure { $0.refusedPrompts["consent"] = error }
                let result = try await bench.login(["--force"])
                #expect(result.status == 0, "\(error): \(result.complaint)")
                #expect(Self.prompts(bench).suffix(2) == ["consent", nil])
                #expect(Self.scopes(bench).suffix(2) == ["offline_access", "offline_access"])
            }
            #expect(bench.session.browserOpenings == 2 * Self.refusals.count)
        }
    }

    private static let offline = "scopes = [\"offline_access\"]"

    @Test func `does not try again after the user's no`() async throws {
        try await FailureBench.run(
            more: "scopes = [\"offline_access\"]",
            {
                $0.scopes.append("offline_access")
                $0.refusedPrompts["consent"] = "access_denied"
            }
        ) { bench in
            let result = try await bench.login()
            #expect(result.status == 77, "\(result.complaint)")
            #expect(bench.session.browserOpenings == 1)
        }
    }

    @Test func `pushes the request again without the prompt`() async throws {
        let answers: [ScriptedResponse] = [
            .json("{}", status: 500), .error("invalid_request"), .error("server_error", status: 500),
            .error("consent_required"), .json("<html>", status: 502),
        ]
        try await FailureBench.run(
            more: Self.offline,
            {
                $0.scopes.append("offline_access")
                $0.pushedRequests = .required
            }
        ) { bench in
            for answer in answers {
                bench.fail("/par", once: [answer])
                let result = try await bench.login(["--force"])
                #expect(result.status == 0, "\(result.complaint)")
                #expect(Self.prompts(bench, at: "/par").suffix(2) == ["consent", nil])
            }
            #expect(bench.session.browserOpenings == answers.count)
        }
    }

    /// The browser stays on a page of the server, so keyfob cannot see the error.
    @Test(arguments: [true, false])
    func `names the prompt if the browser does not come back`(isAdded: Bool) async throws {
        try await FailureBench.run {
            $0.scopes.append("offline_access")
            $0.resources = [ProtectedResource()]
            $0.registration.access = .open
        } _: { bench in
            var bench = bench
            bench.session.environment["BROWSER"] = "true"
            let service = isAdded ? bench.server.origin + "/mcp" : bench.service
            let host = "[host.\"\(service)\"]\n"
            try bench.session.configure(
                "login_timeout = 1\n" + host
                    + (isAdded ? "" : "issuer = \"\(bench.server.issuer)\"\nscopes = [\"offline_access\"]\n"))
            let result = try await bench.session.run(["keyfob", "login", service])
            #expect(result.status == 77, "\(result.complaint)")
            #expect(result.complaint.contains("may not support prompt=consent"), "\(result.complaint)")
            guard isAdded else {
                #expect(result.complaint.contains("remove offline_access from scopes"), "\(result.complaint)")
                return
            }
            // The hint works as written.
            #expect(
                result.complaint.contains("set offline_access = false for [host.\"\(service)\"]"), "\(result.complaint)"
            )
            try bench.session.configure(host + "offline_access = false\n")
            bench.session = bench.session.withBrowser()
            let followed = try await bench.session.run(["keyfob", "login", service])
            #expect(followed.status == 0, "\(followed.complaint)")
            #expect(Self.prompts(bench) == [nil])
        }
    }

    @Test(arguments: [true, false])
    func `never proposes a scope that was requested`(hasScope: Bool) async throws {
        try await FailureBench.run(
            more: "scopes = [\"\(hasScope ? "offline_access" : "read_repository")\"]",
            {
                $0.scopes.append("offline_access")
                $0.extraTokenMembers["refresh_token"] = .null
                $0.extraTokenMembers["expires_in"] = .number(1)
            }
        ) { bench in
            try await bench.erase(try await bench.signIn())
            let result = try await bench.get()
            #expect(result.status == 77, "\(result.complaint)")
            #expect(result.complaint.contains("issued no refresh token"), "\(result.complaint)")
            #expect(result.complaint.contains("offline_access") == !hasScope, "\(result.complaint)")
        }
    }
}
