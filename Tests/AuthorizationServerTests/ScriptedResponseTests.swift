import AuthorizationServer
import Testing

/// Answers that a test sends in place of the server's own.
@Suite(.timeLimit(.minutes(1))) struct `A scripted answer` {
    private static func withCode(
        _ body: (RunningServer, _ redeem: @Sendable () async throws -> WebClient.Answer) async throws -> Void
    ) async throws {
        try await AuthorizationServer().run { server in
            let conversation = Conversation(server)
            let code = try await conversation.code()
            try await body(server) { @Sendable in try await conversation.exchange(code) }
        }
    }

    @Test func `that is lost has had its effect: the code is used, the tokens are issued`() async throws {
        try await Self.withCode { server, redeem async throws in
            server.intercept { _, path in path == "/token" ? .lostAnswer : nil }
            await #expect(throws: (any Error).self) { try await redeem() }
            #expect(server.requests(to: "/token").map(\.status) == [200])
            #expect(server.liveRefreshTokens.count == 1)
        }
    }

    @Test func `to a request that never arrives changes nothing`() async throws {
        try await Self.withCode { server, redeem async throws in
            server.intercept { _, path in path == "/token" ? .lostRequest : nil }
            await #expect(throws: (any Error).self) { try await redeem() }
            server.intercept(nil)
            #expect(try await redeem().status == 200)
            #expect(server.requests(to: "/token").map(\.status) == [0, 200])
        }
    }

    @Test func `can be cut, repeated or slow`() async throws {
        try await Self.withCode { server, redeem async throws in
            server.intercept { _, _ in .json("{}").delivered(.cut) }
            await #expect(throws: (any Error).self) { try await redeem() }
            server.intercept { _, _ in .json("{}").delivered(.repeated(3)) }
            #expect(try await redeem().text == "{}{}{}")
            server.intercept { _, _ in .json("{}").delivered(.dripping(every: .milliseconds(1))) }
            #expect(try await redeem().text == "{}")
        }
    }

    @Test func `can be delayed until an event`() async throws {
        try await Self.withCode { server, redeem async throws in
            let (gate, open) = AsyncStream<Void>.makeStream()
            server.intercept { _, _ in
                var answer = ScriptedResponse.json("{}")
                answer.delay = { for await _ in gate { return } }
                return answer
            }
            async let answer = redeem()
            // The request is in the log before the server answers it.
            while server.requests(to: "/token").isEmpty { await Task.yield() }
            open.yield()
            #expect(try await answer.text == "{}")
        }
    }
}
