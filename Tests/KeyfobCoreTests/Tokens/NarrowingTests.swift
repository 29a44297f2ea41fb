import CredentialProtocol
import KernelKeyring
import Secrets
import TestSupport
import Testing

@testable import KeyfobCore

/// Tokens with fewer scopes than the sign-in (`keyfob forward --scope`).
@Suite(.timeLimit(.minutes(1)))
struct NarrowingTests {
    private static func narrowed(_ bench: TokenBench, to scopes: [String]) async throws -> String? {
        var request = CredentialRequest.git()
        request.onlyScopes = scopes
        return try await bench.source.token(of: bench.account, for: request).token.exposedText
    }

    @Test func `A token with fewer scopes comes from a refresh, and no cache has it`() async throws {
        let answers = [
            ScriptedTransport.Answer.tokens("wide", refresh: "refresh-2", scope: "read write"),
            .tokens("narrow", refresh: "refresh-3", scope: "read"),
        ]
        try await TokenBench.run(answers) { bench in
            try bench.grant()
            #expect(try await Self.narrowed(bench, to: ["read"]) == "narrow")
            #expect(bench.forms.last?.contains("scope=read") == true)
            #expect(bench.forms.last?.contains("refresh_token=refresh-2") == true)
            #expect(try await bench.tokenText() == "wide")
            let grant = try #require(try bench.grants.all().first)
            #expect(grant.scopes == ["read", "write"])
            #expect(grant.refreshToken == Secret("refresh-3"))
        }
    }

    @Test(arguments: ["read write", "read admin"])
    func `A wider token is never given instead`(scope: String) async throws {
        let answers = [ScriptedTransport.Answer.tokens("wide", scope: "read write"), .tokens("wide", scope: scope)]
        try await TokenBench.run(answers) { bench in
            try bench.grant()
            await #expect(throws: CredentialFailure.self) { try await Self.narrowed(bench, to: ["read"]) }
        }
    }

    @Test func `A token that has no other scopes is given as it is`() async throws {
        try await TokenBench.run([.tokens("1", scope: "read")]) { bench in
            try bench.grant()
            #expect(try await Self.narrowed(bench, to: ["read", "write"]) == "1")
        }
    }

    @Test func `There is no token if the sign-in has none of the scopes`() async throws {
        try await TokenBench.run([.tokens("1", scope: "write")]) { bench in
            try bench.grant()
            await #expect(throws: CredentialFailure.self) { try await Self.narrowed(bench, to: ["read"]) }
            #expect(bench.forms.count == 1)
        }
    }
}
