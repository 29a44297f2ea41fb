import AuthorizationServer
import TestSupport
import Testing

/// User names in URLs, at a server that says in an id_token whose sign-in it is.
@Suite(.timeLimit(.withTurns)) struct `A user name in a URL` {
    /// Runs `body` with a bench that is signed in without an account name, as this user.
    private func run(as user: String, _ body: (FailureBench) async throws -> Void) async throws {
        try await FailureBench.run { bench in
            bench.signIns(are: user)
            let result = try await bench.login()
            #expect(result.status == 0, "\(result.complaint)")
            try await body(bench)
        }
    }

    @Test(arguments: ["alice", "ALICE", "git", "token", "gitlab-ci-token", "x-access-token", "__token__", ""])
    func `that is the server's name of the only sign-in, or nobody's, gets its token`(name: String) async throws {
        try await run(as: "alice") { bench in
            let token = try #require(try await bench.get().output.password)
            let answer = try await bench.ask("get", name)
            #expect(answer.output.password == token, "\(answer.complaint)")
            #expect(try await bench.ask("erase", name, password: token).status == 0)
            #expect(try await bench.ask("get", name).output.password != token, "erased under the same name")
            #expect(bench.requests(to: "/authorize") == 1)
        }
    }

    @Test(arguments: ["bob", "alice2", "ali", "alice@example.com", "alice smith"])
    func `of another user never gets that token`(name: String) async throws {
        try await run(as: "alice") { bench in
            let answer = try await bench.ask("get", name)
            #expect(answer.status == 77)
            #expect(answer.output.isEmpty)
            #expect(answer.complaint.contains("you are signed in as alice, not as \(name)"), "\(answer.complaint)")
            let logout = try await bench.session.run(["keyfob", "logout", bench.url(of: "bob")])
            #expect(logout.status == 1, "\(logout.complaint)")
        }
    }

    @Test func `of another user gets a token after the sign-in that the hint proposes`() async throws {
        try await run(as: "alice") { bench in
            let hint = try #require(try await bench.ask("get", "bob").complaint.split(separator: "run: ").last)
            let command = try #require(hint.split(separator: "\n").first).split(separator: " ").map(String.init)
            bench.signIns(are: "bob")
            let login = try await bench.session.run(command)
            #expect(login.status == 0, "\(login.complaint)")
            let tokens = try await [bench.ask("get", "bob"), bench.ask("get", "alice")].compactMap(\.output.password)
            #expect(Set(tokens).count == 2)
        }
    }

    @Test func `that is the e-mail address of the sign-in gets its token, and so does logout`() async throws {
        try await FailureBench.run { bench in
            bench.signIns(are: "alice", email: "alice@corp.test")
            #expect(try await bench.login().status == 0)
            let token = try #require(try await bench.get().output.password)
            #expect(try await bench.ask("get", "alice@corp.test").output.password == token)
            let login = try await bench.login(["--account", "alice@corp.test"])
            #expect(login.status == 0, "\(login.complaint)")
            #expect(bench.requests(to: "/authorize") == 1)
            #expect(try await bench.ask("get", "alice").output.password == token)
            let logout = try await bench.session.run(
                ["keyfob", "logout", "--account", "ALICE@corp.test", bench.service])
            #expect(logout.status == 0, "\(logout.complaint)")
        }
    }

    @Test func `of two sign-ins of one user gets the token of the newer one`() async throws {
        try await run(as: "alice") { bench in
            bench.signIns(are: "alice", email: "alice@corp.test")
            // The stored sign-in is from before the server named the address.
            let login = try await bench.login(["--account", "alice@corp.test"])
            #expect(login.status == 0, "\(login.complaint)")
            #expect(try await bench.ask("get", "alice").status == 0)
            let other = try await bench.ask("get", "bob")
            #expect(other.complaint.contains("you are signed in as alice, not as bob"), "\(other.complaint)")
        }
    }

    /// The sign-in has no account name: the user's name is known from the server alone.
    @Test(arguments: [["--force"], ["--scope", "more"]])
    func `is the name of the user who has to sign in again`(_ options: [String]) async throws {
        try await run(as: "alice") { bench in
            let token = try #require(try await bench.get().output.password)
            bench.signIns(are: "bob")
            bench.server.reconfigure { $0.scopes.append("more") }
            for more in [["--account", "ALICE", bench.service], [bench.url(of: "alice")]] {
                let login = try await bench.session.run(["keyfob", "login"] + options + more)
                #expect(login.status == 77, "\(login.complaint)")
                #expect(login.complaint.contains("but you signed in as bob"), "\(login.complaint)")
            }
            let wider = try await bench.session.run(
                ["keyfob", "token", "--interaction", "always", "--scope", "more", bench.url(of: "alice")])
            #expect(wider.status == 77, "\(wider.complaint)")
            #expect(try await bench.ask("get", "alice").output.password == token)
        }
    }

    @Test func `without a name the last user to sign in counts, and the other one's tokens are revoked`() async throws {
        try await run(as: "alice") { bench in
            for (user, revocations) in [("alice", 0), ("bob", 1)] {
                bench.signIns(are: user)
                let login = try await bench.login(["--force"])
                #expect(login.status == 0, "\(login.complaint)")
                #expect(bench.requests(to: "/revoke") == revocations)
            }
            #expect(try await bench.ask("get", "bob").status == 0)
        }
    }

    /// The server gives an identifier of its own, and no name.
    @Test func `is believed if the server says only that somebody signed in`() async throws {
        try await FailureBench.run { bench in
            bench.signIns(are: nil)
            let login = try await bench.login(["--account", "alice"])
            #expect(login.status == 0, "\(login.complaint)")
            #expect(try await bench.ask("get", "alice").status == 0)
        }
    }

    @Test func `is not an e-mail address that is none`() async throws {
        try await FailureBench.run { bench in
            bench.signIns(are: "mallory", email: "bob")
            let login = try await bench.login(["--account", "bob"])
            #expect(login.status == 77, "\(login.complaint)")
        }
    }

    @Test func `of the only sign-in is found by login and by logout`() async throws {
        try await run(as: "alice") { bench in
            let login = try await bench.session.run(["keyfob", "login", bench.url(of: "alice")])
            #expect(login.status == 0, "\(login.complaint)")
            #expect(bench.requests(to: "/authorize") == 1)
            let logout = try await bench.session.run(["keyfob", "logout", bench.url(of: "alice")])
            #expect(logout.status == 0, "\(logout.complaint)")
            #expect(try await bench.get().status == 77)
        }
    }
}

extension FailureBench {
    /// From now on, the server says that the user of each sign-in is this one.
    fileprivate func signIns(are user: String?, email: String? = nil) {
        var claims: [String: JSONValue] = [
            "preferred_username": .string(user ?? ""), "sub": .string("id of \(user ?? "")"),
        ]
        claims["email"] = email.map { .string($0) }
        let token = `An id_token from the token endpoint`.token(from: server.issuer, claims)
        server.reconfigure { $0.extraTokenMembers["id_token"] = token }
    }

    /// A request by git with a user name.
    fileprivate func ask(_ operation: String, _ user: String, password: String? = nil) async throws -> CommandResult {
        let more = password.map { "password=\($0)\n" } ?? ""
        let question = session.question(about: server, "username=\(user)\n" + more)
        return try await quiet.run(["git-credential-keyfob", operation], question)
    }

    fileprivate func url(of user: String) -> String { service.replacing("://", with: "://\(user)@") }
}
