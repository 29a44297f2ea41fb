import AuthorizationServer
import FoundationEssentials
import TestSupport
import Testing

@Suite(.timeLimit(.withTurns)) struct `A token on demand` {
    /// Runs `body` with an authorization server that takes the person's yes for granted, and keyfob configured for it.
    private func withServer(
        _ configuration: AuthorizationServerConfiguration = .signingInAtOnce,
        _ body: (RunningServer, KeyfobSession) async throws -> Void
    ) async throws {
        try await KeyfobSession.run { session in
            try await AuthorizationServer(configuration).run { server in
                try session.configure(for: server)
                try await body(server, session.withBrowser())
            }
        }
    }

    @Test func `The first get opens one browser; the next ones are answered from memory`() async throws {
        try await withServer { server, session in
            let first = try await session.run(["git-credential-keyfob", "get"], session.question(about: server))
            #expect(first.status == 0, "\(first.complaint)")
            let token = try #require(first.output.password)
            #expect(server.introspect(token) != nil)
            let second = try await session.run(["git-credential-keyfob", "get"], session.question(about: server))
            #expect(second.output == first.output)
            #expect(second.stderr.isEmpty)
            #expect(session.browserOpenings == 1)
            #expect(server.requests(to: "/token").count == 1)
        }
    }

    @Test func `git is told the user name and the end of the token`() async throws {
        try await withServer { server, session in
            let answer = try await session.run(["git-credential-keyfob", "get"], session.question(about: server))
            #expect(answer.output.hasPrefix("username=oauth2\npassword="))
            #expect(answer.output.contains("\npassword_expiry_utc="))
        }
    }

    @Test func `A caller that understands it gets Bearer where the server asks for it`() async throws {
        try await withServer { server, session in
            let answer = try await session.run(
                ["git-credential-keyfob", "get"],
                "capability[]=authtype\ncapability[]=state\n"
                    + session.question(about: server, "wwwauth[]=Bearer realm=\"git\"\n"))
            #expect(answer.output.hasPrefix("capability[]=authtype\ncapability[]=state\nauthtype=Bearer\ncredential="))
            #expect(answer.output.contains("\nstate[]=keyfob:account="))
        }
    }

    @Test func `git's store of the token that it was given keeps nothing`() async throws {
        try await withServer { server, session in
            let answer = try await session.run(["git-credential-keyfob", "get"], session.question(about: server))
            let token = try #require(answer.output.password)
            let stored = try await session.run(
                ["git-credential-keyfob", "store"],
                session.question(about: server, "username=oauth2\npassword=\(token)\n"))
            #expect(stored == CommandResult(stdout: [], stderr: [], status: 0))
            let items = try await session.session.run("secret-tool", ["search", "--all", "protocol", "http"])
            #expect(items.isEmpty)
        }
    }

    @Test func `erase drops the access token and keeps the refresh token`() async throws {
        try await withServer { server, session in
            let first = try await session.run(["git-credential-keyfob", "get"], session.question(about: server))
            let token = try #require(first.output.password)
            let refused = session.question(about: server, "username=oauth2\npassword=\(token)\n")
            #expect(try await session.run(["git-credential-keyfob", "erase"], refused).status == 0)
            let second = try await session.run(["git-credential-keyfob", "get"], session.question(about: server))
            #expect(second.output.password != token)
            #expect(second.status == 0)
            #expect(session.browserOpenings == 1)
            #expect(server.requests(to: "/token").count == 2)
        }
    }

    @Test func `erase of another token drops nothing`() async throws {
        try await withServer { server, session in
            let first = try await session.run(["git-credential-keyfob", "get"], session.question(about: server))
            let refused = session.question(about: server, "username=oauth2\npassword=another\n")
            #expect(try await session.run(["git-credential-keyfob", "erase"], refused).status == 0)
            let second = try await session.run(["git-credential-keyfob", "get"], session.question(about: server))
            #expect(second.output == first.output)
        }
    }

    @Test func `A token past half of its life is refreshed, and the rotated refresh token is kept`() async throws {
        var short = AuthorizationServerConfiguration.signingInAtOnce
        short.accessTokenLifetime = 1  // half of it is less than any process takes to ask again
        try await withServer(short) { server, session in
            for refreshes in 0...3 {
                let answer = try await session.run(["git-credential-keyfob", "get"], session.question(about: server))
                #expect(answer.status == 0, "\(answer.complaint)")
                #expect(server.requests(to: "/token").count <= refreshes + 1)
                let dropped = session.question(about: server, "password=\(try #require(answer.output.password))\n")
                _ = try await session.run(["git-credential-keyfob", "erase"], dropped)
            }
            #expect(session.browserOpenings == 1)
            #expect(server.requests(to: "/token").count == 4)
            #expect(server.liveRefreshTokens.count == 1)
        }
    }

    @Test func `logout revokes, and forgets`() async throws {
        try await withServer { server, session in
            let service = session.service(of: server)
            let token = try await session.run(["keyfob", "token", service]).output.trimmingNewline
            #expect(server.introspect(token) != nil)
            let logout = try await session.run(["keyfob", "logout", service])
            #expect(logout.status == 0, "\(logout.complaint)")
            #expect(server.introspect(token) == nil)
            #expect(server.liveRefreshTokens.isEmpty)
            #expect(try await session.run(["keyfob", "status"]).output == "not signed in anywhere\n")
            #expect(try await session.run(["keyfob", "logout", service]).status == 1)
        }
    }

    @Test func `token prints the token, a header or JSON`() async throws {
        try await withServer { server, session in
            let service = session.service(of: server)
            let token = try await session.run(["keyfob", "token", service]).output.trimmingNewline
            let header = try await session.run(["keyfob", "token", service, "--format", "header"]).output
            #expect(header == "Authorization: Bearer \(token)\n")
            let json = try await session.run(["keyfob", "token", service, "--format", "json"]).output
            #expect(json.contains(#""access_token":"\#(token)""#))
            #expect(json.contains(#""token_type":"Bearer""#))
        }
    }

    @Test func `status tells of the grant and no secret`() async throws {
        try await withServer { server, session in
            let service = session.service(of: server)
            let token = try await session.run(["keyfob", "token", service]).output.trimmingNewline
            let lines = try await session.run(["keyfob", "status"]).output
            let json = try await session.run(["keyfob", "status", "--json"]).output
            #expect(lines.hasPrefix(service))
            #expect(json.contains(#""issuer" : "\#(server.issuer)""#))
            for output in [lines, json] { #expect(!output.contains(token)) }
        }
    }

    @Test(arguments: [
        ["GIT_TERMINAL_PROMPT": "0"], ["GCM_INTERACTIVE": "never"], ["KEYFOB_INTERACTION": "never"], ["BROWSER": ""],
    ])
    func `No browser where the caller declined or nobody can be reached`(_ environment: [String: String]) async throws {
        try await withServer { server, session in
            var session = session
            session.environment.merge(environment) { $1 }
            let answer = try await session.run(["git-credential-keyfob", "get"], session.question(about: server))
            #expect(answer.status == 77)
            #expect(answer.stdout.isEmpty)
            #expect(session.browserOpenings == 0)
            #expect(server.requestLog.isEmpty)
        }
    }
}

extension AuthorizationServerConfiguration {
    /// The demo's server, where the person has agreed already.
    static var signingInAtOnce: AuthorizationServerConfiguration {
        var configuration = AuthorizationServerConfiguration()
        configuration.signsInAtOnceAs = configuration.users.keys.first
        return configuration
    }
}

extension String {
    /// The value of the line `password=`.
    var password: String? {
        split(separator: "\n").first { $0.hasPrefix("password=") }.map { String($0.dropFirst("password=".count)) }
    }

    var trimmingNewline: String { hasSuffix("\n") ? String(dropLast()) : self }
}
