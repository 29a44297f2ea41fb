import CredentialProtocol
import KernelKeyring
import Secrets
import TestSupport
import Testing

@testable import KeyfobCore

/// The caller comes back because the service refused a remembered token.
@Suite(.timeLimit(.minutes(1)))
struct `A token in place of a refused one` {
    private func request(_ account: String, _ serial: String, username: String? = nil) -> CredentialRequest {
        var request = CredentialRequest.git(username: username)
        request.capabilities = [.state]
        request.state = ["keyfob:account=" + account, "keyfob:token=" + serial]
        return request
    }

    /// Puts a token of that name into memory.
    private func remember(_ bench: TokenBench, _ token: String, serial: String?, of account: Account? = nil) {
        let cached = CachedAccessToken(
            token: Secret(token), username: nil, expiresAt: bench.clock.now + 3600, lifetime: 3600,
            freshUntil: bench.clock.now + 3301, serial: serial)
        _ = bench.cache.keep(cached, account: (account ?? bench.account).id, at: bench.clock.now)
    }

    private func token(_ bench: TokenBench, _ serial: String) async throws -> CachedAccessToken {
        try await bench.source.token(of: bench.account, for: request(bench.account.id, serial))
    }

    @Test func `comes from one refresh, and has no name with which the caller could come back`() async throws {
        try await TokenBench.run([.tokens("new")]) { bench in
            try bench.grant()
            remember(bench, "stale", serial: "s")
            let given = try await token(bench, "s")
            #expect(given.token == Secret("new"))
            #expect(given.serial == nil)
            #expect(bench.forms.count == 1)
            let remembered = try #require(bench.cache.token(account: bench.account.id))
            #expect(remembered.token == Secret("new"))
            #expect(remembered.serial.map { $0 != "s" } == true)
        }
    }

    @Test(arguments: ["other", nil])
    func `is the remembered one if another caller has refreshed in the meantime`(_ serial: String?) async throws {
        try await TokenBench.run { bench in
            try bench.grant()
            remember(bench, "newer", serial: serial)
            #expect(try await token(bench, "s").token == Secret("newer"))
            #expect(bench.forms.isEmpty)
        }
    }

    @Test func `is never the refused one, even if the server gives no other`() async throws {
        try await TokenBench.run([.error("temporarily_unavailable", status: 503)]) { bench in
            try bench.grant()
            remember(bench, "stale", serial: "s")
            await #expect(throws: (any Error).self) { try await token(bench, "s") }
            #expect(bench.cache.token(account: bench.account.id) == nil)
            #expect(try bench.storedRefreshToken == "refresh-1")
        }
    }

    /// Another caller may have failed to refresh, and its failure counts for all that waited.
    @Test func `is never the refused one after another caller's failure`() async throws {
        try await TokenBench.run { bench in
            remember(bench, "stale", serial: "s")
            #expect(bench.source.tokens.living(bench.account, for: request(bench.account.id, "s")) == nil)
            #expect(bench.source.tokens.living(bench.account, for: .git())?.token == Secret("stale"))
        }
    }

    @Test func `needs a sign-in if the grant has no refresh token`() async throws {
        try await TokenBench.run { bench in
            try bench.grant(refreshToken: nil, accessToken: "stale")
            remember(bench, "stale", serial: "s")
            await #expect(throws: CredentialFailure.self) { try await token(bench, "s") }
            #expect(try bench.grants.grant(account: bench.account.id) == nil)
        }
    }

    @Test func `is one for eight callers that come back at once`() async throws {
        try await TokenBench.run([.tokens("new")]) { bench in
            try bench.grant()
            remember(bench, "stale", serial: "s")
            try await withThrowingTaskGroup(of: Secret.self) { group in
                for _ in 0..<8 { group.addTask { try await token(bench, "s").token } }
                for try await given in group { #expect(given == Secret("new")) }
            }
            #expect(bench.forms.count == 1)
        }
    }

    /// git then names the user of the first answer, which may be the same for all accounts.
    @Test func `is of the account that the state names`() async throws {
        try await TokenBench.run([.tokens("new")]) { bench in
            for name in ["alice", "bob"] {
                let account = try Account.example { $0.name = name }
                var grant = Grant.example(of: account, refreshToken: "refresh-" + name)
                grant.accountName = name
                try bench.grants.save(grant)
                remember(bench, "stale-" + name, serial: name, of: account)
            }
            let alice = try Account.example { $0.name = "alice" }
            let asked = request(alice.id, "alice", username: "x-token")
            #expect(try await bench.source.token(of: bench.account, for: asked).token == Secret("new"))
            #expect(bench.forms.allSatisfy { $0.contains("refresh-alice") })
            #expect(bench.forms.count == 1)
        }
    }
}
