import AuthorizationServer
import TestSupport
import Testing

/// Servers whose documents are odd: keyfob reads what it can, goes on to the next location, and says what each answered.
@Suite(.timeLimit(.withTurns)) struct `Odd documents` {
    private static let first = "/.well-known/oauth-authorization-server"
    private static let second = "/.well-known/openid-configuration"

    private static func page(_ status: Int, _ text: String = "<html>", type: String = "text/html") -> ScriptedResponse {
        ScriptedResponse(status: status, headers: [("Content-Type", type)], body: Array(text.utf8))
    }

    private static let firsts: [(name: String, answer: ScriptedResponse)] = [
        ("an empty object", answer: .json("{}")),
        ("a list", answer: .json("[]")),
        ("a text", answer: .json("\"not found\"")),
        ("no body", answer: page(200, "", type: "application/json")),
        ("another object", answer: .json(#"{"error":"not found"}"#)),
        ("issuer null", answer: .json(#"{"issuer":null}"#)),
        ("502", answer: page(502)),
        ("501", answer: .json("{}", status: 501)),
        ("429", answer: page(429)),
        ("403", answer: page(403)),
        ("a redirect", answer: .redirect(303, to: "/login")),
        ("broken JSON", answer: .json(#"{"issuer":"#)),
        ("a cut answer", answer: ScriptedResponse.json(#"{"issuer":"x"}"#).delivered(.cut)),
        ("a lost answer", answer: .lostRequest),
        ("too much", answer: page(200, String(repeating: "x", count: 65_536)).delivered(.repeated(64))),
        ("another issuer", answer: .json(#"{"issuer":"https://honest.example"}"#)),
    ]

    @Test func `at the first location: the next one is used`() async throws {
        try await FailureBench.run { bench in
            for odd in Self.firsts {
                bench.fail(Self.first, with: odd.answer)
                let result = try await bench.login(["--force"])
                #expect(result.status == 0, "\(odd.name): \(result.complaint)")
            }
        }
    }

    /// Members that the first document lacks; the second has them. `null` removes a member.
    @Test(arguments: [
        "authorization_endpoint", "token_endpoint", "code_challenge_methods_supported",
    ])
    func `a first document without a needed member is completed by the second`(_ member: String) async throws {
        try await FailureBench.run { bench in
            let (origin, issuer) = (bench.server.origin, bench.server.issuer)
            var members = [
                "issuer": issuer, "authorization_endpoint": issuer + "/authorize", "token_endpoint": issuer + "/token",
            ]
            members[member] = nil
            let list = members.map { "\"\($0.key)\":\"\($0.value)\"" }
            bench.fail(Self.first, with: .json("{" + list.joined(separator: ",") + "}"))
            let result = try await bench.login()
            #expect(result.status == 0, "\(result.complaint)")
            #expect(bench.requests(to: Self.second) == 1, "\(origin)")
        }
    }

    @Test func `S256 is never assumed: some document of the issuer must announce it`() async throws {
        try await FailureBench.run(.configured, { $0.advertisesPKCE = false }) { bench in
            bench.fail(
                Self.first, with: .json(#"{"issuer":"https://a.example","code_challenge_methods_supported":["S256"]}"#))
            let result = try await bench.login()
            #expect(result.status == 78 && result.complaint.contains("does not announce PKCE"), "\(result.complaint)")
            #expect(bench.session.browserOpenings == 0)
        }
    }

    private static let failures: [(ScriptedResponse, ScriptedResponse, Int32, String, String)] = [
        (
            .json("{}"), .json("{}", status: 404), 78, "publishes no authorization server metadata",
            "announces no issuer"
        ),
        (page(404), page(410), 78, "publishes no authorization server metadata", "HTTP 404"),
        (page(502), page(404), 75, "is not available (HTTP 502)", "HTTP 502"),
        (.lostRequest, .json("[]"), 75, "closed the connection before", "did not answer with JSON"),
        (page(200), .redirect(302, to: "/"), 75, "network sign-in page?", "sent a redirect (HTTP 302)"),
        (page(200), page(404), 78, "publishes no authorization server metadata", "network sign-in page?"),
        (.json(#"{"issuer":"https://x.example"}"#), page(503), 78, "belongs to another issuer", "HTTP 503"),
    ]

    @Test func `without a usable document, the message names each location and its answer`() async throws {
        try await FailureBench.run { bench in
            for (one, two, status, says, detail) in Self.failures {
                bench.server.intercept { _, path in path == Self.first ? one : path == Self.second ? two : nil }
                let result = try await bench.login()
                #expect(result.status == status, "\(result.complaint)")
                let lines = result.complaint.split(separator: "\n")
                #expect(lines.first?.contains(says) == true, "\(result.complaint)")
                for place in [Self.first, Self.second] {
                    let beginning = "hint: \(bench.server.origin)\(place): "
                    #expect(lines.contains { $0.hasPrefix(beginning) }, "\(result.complaint)")
                }
                #expect(result.complaint.contains(detail), "\(result.complaint)")
            }
            #expect(bench.session.browserOpenings == 0)
        }
    }

    /// A service without configuration: an outage is not the same as a service without a server.
    @Test func `an outage everywhere is temporary`() async throws {
        try await FailureBench.run(.registered) { bench in
            try bench.session.configure("")
            let answers: [(ScriptedResponse, Int32)] = [
                (Self.page(500), 75), (Self.page(501), 75), (Self.page(503), 75), (Self.page(429), 75),
                (.lostRequest, 75), (Self.page(404), 78), (.json("{}", status: 404), 78),
            ]
            for (answer, status) in answers {
                bench.server.intercept { _, path in path.hasPrefix("/.well-known/") ? answer : nil }
                let result = try await bench.session.run(["keyfob", "login", bench.server.origin])
                #expect(result.status == status, "\(result.complaint)")
            }
        }
    }

    private static let endpoints = [
        "revocation_endpoint", "registration_endpoint", "device_authorization_endpoint",
        "pushed_authorization_request_endpoint", "userinfo_endpoint",
    ]

    @Test func `an unusable optional endpoint is ignored`() async throws {
        let values: [JSONValue] = [
            "", "/path", "http://a.example/x", "ftp://a.example/", "https://u:p@a.example/", .boolean(true), .array([]),
        ]
        try await FailureBench.run { bench in
            var bench = bench
            bench.session.environment["KEYFOB_TRACE"] = "1"
            for value in values {
                bench.server.reconfigure { for member in Self.endpoints { $0.extraMetadata[member] = value } }
                let result = try await bench.login(["--force"])
                #expect(result.status == 0, "\(value): \(result.complaint)")
                for member in Self.endpoints {
                    #expect(result.complaint.contains("ignored \(member) of "), "\(value): \(result.complaint)")
                }
                #expect(!result.complaint.contains("a.example"), "\(result.complaint)")
            }
        }
    }

    @Test func `a bad resource_metadata is ignored, and the well-known location is used`() async throws {
        try await FailureBench.run(.registered) { bench in
            try bench.session.configure("")
            let all = [
                "/meta", "", "https://a.example/meta", "http://user@127.0.0.1/meta", "gopher://x", "//a.example/x",
            ]
            for advertised in all {
                bench.server.reconfigure {
                    $0.resources = [ProtectedResource()]
                    $0.resources[0].challenges = ["Bearer resource_metadata=\"\(advertised)\""]
                }
                let result = try await bench.session.run(["keyfob", "login", "--force", bench.server.origin + "/mcp"])
                #expect(result.status == 0, "\(advertised): \(result.complaint)")
            }
        }
    }
}
