import AuthorizationServer
import TestSupport
import Testing

/// Registration endpoints that are not for programs, and servers that compare the port of the redirect URI.
@Suite(.timeLimit(.withTurns)) struct `Odd registrations` {
    private static func page(_ status: Int, _ text: String = "<html>") -> ScriptedResponse {
        ScriptedResponse(status: status, headers: [("Content-Type", "text/html")], body: Array(text.utf8))
    }

    private static let pages: [ScriptedResponse] = [
        page(200),
        page(200, ""),
        .json(#"{"message":"please sign in"}"#),
        page(202),
        .redirect(302, to: "/login"),
        .redirect(308, to: "https://a.example/"),
        page(400),
        .json(#"{"detail":"CSRF"}"#, status: 400),
        page(403),
        page(405),
        page(415),
        .json("[]", status: 422),
        page(501),
    ]

    @Test func `a page for people: the hint says how to sign in with a client of one's own`() async throws {
        try await FailureBench.run(.registered) { bench in
            let row = FailureRow(
                testDescription: "", status: 78, says: "and cannot register itself there",
                hint: "register a client there with the redirect URI http://127.0.0.1/callback")
            let command = "keyfob login --client-id ID \(bench.service)"
            for page in Self.pages {
                bench.fail("/register", with: page)
                let result = try await bench.login()
                row.check(result)
                #expect(result.complaint.contains(", then run: \(command)"), "\(result.complaint)")
            }
            // After 400 and 422 twice more, with fewer members.
            #expect(bench.requests(to: "/register") == Self.pages.count + 2 * 3)
            #expect(bench.session.browserOpenings == 0)
            // The hint works as written.
            let words = command.split(separator: " ").map { $0 == "ID" ? "keyfob-demo" : String($0) }
            let followed = try await bench.session.run(words)
            #expect(followed.status == 0, "\(followed.complaint)")
        }
    }

    @Test func `an answer in an object is read`() async throws {
        try await FailureBench.run(.registered, more: "redirect_uri = \"http://127.0.0.1/callback\"") { bench in
            bench.fail("/register", with: .json(#"{"status":"ok","data":{"client_id":"keyfob-demo"}}"#, status: 201))
            let result = try await bench.login()
            #expect(result.status == 0, "\(result.complaint)")
        }
    }

    static let unusable: [(member: String, value: JSONValue, says: String)] = [
        ("token_endpoint_auth_method", "private_key_jwt", "the authentication method private_key_jwt"),
        ("token_endpoint_auth_method", "client_secret_jwt", "the authentication method client_secret_jwt"),
        ("token_endpoint_auth_method", "tls_client_auth", "the authentication method tls_client_auth"),
        ("redirect_uris", .array([.string("https://other.example/callback")]), "registered other redirect URIs"),
        ("redirect_uris", .array([.string("urn:ietf:wg:oauth:2.0:oob")]), "registered other redirect URIs"),
        ("redirect_uris", .array([.string("http://127.0.0.1/other")]), "registered other redirect URIs"),
        ("client_id", .null, "its answer cannot be used (client_id)"),
        ("client_id", "", "its answer cannot be used (client_id)"),
        ("client_id", "a\u{7}b", "its answer cannot be used (client_id)"),
        ("client_id", .array([]), "its answer cannot be used (client_id)"),
    ]

    /// The server makes a client that keyfob cannot use. It is deleted, and no sign-in makes another one unasked. The hint
    /// names the redirect URI that keyfob then sends.
    @Test(arguments: unusable)
    func `a registration that keyfob cannot use is deleted at the server, and not repeated`(
        member: String, value: JSONValue, says: String
    ) async throws {
        try await FailureBench.run(
            .registered,
            {
                $0.registration.extraMembers[member] = value
                $0.clients.append(RegisteredClient(id: "mine", redirectURIs: ["http://127.0.0.1/callback"]))
            }
        ) { bench in
            let first = try await bench.login()
            #expect(first.status == 78 && first.complaint.contains(says), "\(first.complaint)")
            let asked = bench.requests(to: "/register")
            #expect(bench.server.registeredClients.isEmpty)
            for _ in 0..<2 {
                let again = try await bench.login()
                #expect(again.status == 78 && again.complaint.contains("(\(member))"), "\(again.complaint)")
                HintCommands.check(again.complaint.split(separator: "\n"))
            }
            #expect(bench.requests(to: "/register") == asked)
            let anew = "if the server has changed since, run: keyfob login --register \(bench.service)\n"
            #expect(first.complaint.contains(anew), "\(first.complaint)")
            #expect(try await bench.login(["--register"]).status == 78)
            #expect(bench.requests(to: "/register") > asked)
            #expect(bench.server.registeredClients.isEmpty)

            let hint = "register a client there with the redirect URI http://127.0.0.1/callback, then run: "
            #expect(first.complaint.contains(hint + "keyfob login --client-id ID \(bench.service)\n"))
            let followed = try await bench.login(["--client-id", "mine"])
            #expect(followed.status == 0, "\(followed.complaint)")
            #expect(try await bench.get().status == 0)
        }
    }

    @Test func `a registration that the server repairs is made when the user asks for it`() async throws {
        try await FailureBench.run(
            .registered, { $0.registration.extraMembers["token_endpoint_auth_method"] = "private_key_jwt" }
        ) { bench in
            #expect(try await bench.login().status == 78)
            bench.server.reconfigure { $0.registration.extraMembers = [:] }
            #expect(try await bench.login().status == 78)
            let result = try await bench.login(["--register"])
            #expect(result.status == 0, "\(result.complaint)")
            // The note is gone.
            #expect(try await bench.session.run(["keyfob", "logout", bench.service]).status == 0)
            #expect(try await !bench.hasRegistration)
            #expect(try await bench.login().status == 0)
        }
    }

    /// Some servers write a lifetime instead of a time.
    @Test(arguments: [1, 86_400, 1_000_000_000])
    func `a secret that has expired already does not lead to one registration after another`(time: Int) async throws {
        try await FailureBench.run(
            .registered,
            {
                $0.registration.authenticationMethod = .basic
                $0.registration.extraMembers["client_secret_expires_at"] = .integer(time)
            }
        ) { bench in
            for _ in 0..<2 {
                let result = try await bench.login(["--force"])
                #expect(result.status == 0, "\(result.complaint)")
            }
            #expect(bench.registrations == 1)
        }
    }

    @Test func `an endpoint that cannot answer now is not called closed`() async throws {
        try await FailureBench.run(.registered) { bench in
            for status in [408, 425, 429, 500, 503] {
                bench.fail("/register", with: .json("{}", status: status))
                let result = try await bench.login()
                #expect(result.status == 75, "\(status): \(result.complaint)")
            }
        }
    }

    @Test func `a server that compares the port gets the registered one at each sign-in`() async throws {
        try await FailureBench.run(.registered, { $0.ignoresLoopbackPort = false }) { bench in
            for _ in 0..<2 {
                let result = try await bench.login(["--force"])
                #expect(result.status == 0, "\(result.complaint)")
            }
            #expect(bench.registrations == 1)
        }
    }

    @Test func `a configured port is registered, even if another one is registered already`() async throws {
        try await FailureBench.run(.registered, { $0.ignoresLoopbackPort = false }) { bench in
            let first = try await bench.login()
            #expect(first.status == 0, "\(first.complaint)")
            let redirect = "http://127.0.0.1:\(try SilentPort().port)/callback"
            try bench.session.configure(
                "[host.\"\(bench.service)\"]\nissuer = \"\(bench.server.issuer)\"\nredirect_uri = \"\(redirect)\"\n")
            for _ in 0..<2 {
                let result = try await bench.login(["--force"])
                #expect(result.status == 0, "\(result.complaint)")
                #expect(bench.server.requests(to: "/authorize").last?.fields["redirect_uri"] == redirect)
            }
            #expect(bench.registrations == 2)
        }
    }

    /// The hint for a server that compares the port of a client that the user registered.
    @Test func `the hint names a port for a server that compares it, and the line to write`() async throws {
        try await FailureBench.run(
            .registered,
            {
                ($0.ignoresLoopbackPort, $0.registration.access) = (false, .closed)
                $0.clients.append(RegisteredClient(id: "mine", redirectURIs: ["http://127.0.0.1:28441/callback"]))
            }
        ) { bench in
            let refused = try await bench.login()
            let hint = refused.complaint.split(separator: "\n").first { $0.contains("compares the port") }
            let line = try #require(hint?.firstMatch(of: /set (redirect_uri = "[^"]*") for (\[host\."[^"]*"\])/))
            #expect(hint?.contains("register http://127.0.0.1:28441/callback") == true)
            #expect(line.2 == "[host.\"\(bench.service)\"]")
            try bench.session.configure("\(line.2)\nissuer = \"\(bench.server.issuer)\"\n\(line.1)\n")
            let result = try await bench.login(["--client-id", "mine"])
            #expect(result.status == 0, "\(result.complaint)")
        }
    }
}
