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

    /// A sign-in for the scopes "read" and "write".
    private static func sign(_ bench: TokenBench, in scopes: [String] = ["read", "write"]) throws {
        var grant = try bench.grant()
        grant.scopes = scopes
        try bench.grants.save(grant)
    }

    @Test func `A token with fewer scopes comes from a refresh, and no cache has it`() async throws {
        let answers = [
            ScriptedTransport.Answer.tokens("narrow", refresh: "refresh-2", scope: "read"), .tokens("wide"),
        ]
        try await TokenBench.run(answers) { bench in
            try Self.sign(bench)
            #expect(try await Self.narrowed(bench, to: ["read"]) == "narrow")
            #expect(bench.forms.last?.contains("scope=read") == true)
            let grant = try #require(try bench.grants.all().first)
            #expect(grant.scopes == ["read", "write"])
            #expect(grant.refreshToken == Secret("refresh-2"))
            #expect(try await bench.tokenText() == "wide")
            #expect(bench.forms.last?.contains("scope") == false)
        }
    }

    @Test func `A remembered token, which the server may have ended by that refresh, is not given any more`()
        async throws
    {
        try await TokenBench.run([.tokens("narrow", scope: "read"), .tokens("wide")]) { bench in
            try Self.sign(bench)
            bench.cache("cached", left: 3600)
            _ = try await Self.narrowed(bench, to: ["read"])
            #expect(try await bench.tokenText() == "wide")
        }
    }

    @Test(arguments: ["read write", "read admin"])
    func `A wider token is never given instead`(scope: String) async throws {
        try await TokenBench.run([.tokens("wide", scope: scope)]) { bench in
            try Self.sign(bench)
            await #expect(throws: CredentialFailure.self) { try await Self.narrowed(bench, to: ["read"]) }
        }
    }

    @Test func `A token that has no other scopes is given as it is`() async throws {
        try await TokenBench.run([.tokens("1", scope: "read")]) { bench in
            try Self.sign(bench, in: ["read"])
            #expect(try await Self.narrowed(bench, to: ["read", "write"]) == "1")
        }
    }

    @Test func `There is no token if the sign-in has none of the scopes`() async throws {
        try await TokenBench.run([.tokens("1", scope: "write")]) { bench in
            try Self.sign(bench, in: ["write"])
            await #expect(throws: CredentialFailure.self) { try await Self.narrowed(bench, to: ["read"]) }
            #expect(bench.forms.isEmpty)
        }
    }
}
