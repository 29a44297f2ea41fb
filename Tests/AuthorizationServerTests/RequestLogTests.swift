import AuthorizationServer
import Testing

@Suite("The log and the handles for tests", .timeLimit(.minutes(1)))
struct RequestLogTests {
    @Test func `the log has every request in order, and no secret`() async throws {
        try await withServer { conversation in
            let code = try await conversation.code()
            let answer = try await conversation.exchange(code)
            let (access, refresh) = (
                try #require(answer.json["access_token"]?.text), try #require(answer.json["refresh_token"]?.text)
            )
            _ = try await conversation.refresh(refresh)
            _ = try await conversation.revoke(access)
            let log = conversation.server.requestLog
            #expect(log.map(\.path) == ["/authorize", "/authorize", "/token", "/token", "/revoke"])
            #expect(log.map(\.method) == ["GET", "POST", "POST", "POST", "POST"])
            #expect(log[2].fields["grant_type"] == "authorization_code")
            #expect(log[2].fields["redirect_uri"] == conversation.redirectURI)
            #expect(log[2].names.contains("code_verifier"))
            #expect(log[3].presented == log[2].issuedRefreshToken)
            #expect(log[3].issuedRefreshToken != log[2].issuedRefreshToken)
            let dump = String(reflecting: log) + log.map(\.description).joined()
            for secret in [code, access, refresh, Conversation.verifier, Conversation.challenge] {
                #expect(!dump.contains(secret))
            }
        }
    }

    @Test func `an interceptor answers in place of the server until a test removes it`() async throws {
        try await withServer { conversation in
            let (_, refresh) = try await conversation.login()
            conversation.server.intercept { method, path in
                method == "POST" && path == "/token"
                    ? ScriptedResponse(status: 503, headers: [("Retry-After", "7")], body: [0xff, 0x00]) : nil
            }
            let answer = try await conversation.refresh(refresh)
            #expect(answer.status == 503)
            #expect(answer["retry-after"] == "7")
            #expect(answer.body == [0xff, 0x00])
            #expect(conversation.server.requestLog.last?.status == 503)
            let other = "/.well-known/oauth-authorization-server"
            #expect(try await WebClient.get(conversation.server.issuer + other).status == 200)
            conversation.server.intercept(nil)
            #expect(try await conversation.refresh(refresh).status == 200, "the scripted answer spent nothing")
        }
    }

    @Test func `the server ends with its body, even if a connection is open`() async throws {
        let clock = ContinuousClock()
        var ended = clock.now
        // The port is below the range that the system assigns, so that no other test gets it meanwhile.
        let port = Int.random(in: 20_000..<32_000)
        try await AuthorizationServer().run(port: port) { server in
            _ = try await Conversation(server).login()
            ended = clock.now
        }
        // The server would close an idle connection only after 30 seconds.
        #expect(clock.now - ended < .seconds(15))
        try await AuthorizationServer().run(port: port) { #expect($0.port == port, "the port is free again") }
    }

    @Test func `run throws the error of the body, and throws if the port is in use`() async throws {
        struct Mine: Error {}
        await #expect(throws: Mine.self) { try await withServer { _ -> Void in throw Mine() } }
        try await withServer { conversation in
            let port = conversation.server.port
            await #expect(throws: (any Error).self) { try await AuthorizationServer().run(port: port) { _ in } }
            _ = try await conversation.login()
        }
    }
}
