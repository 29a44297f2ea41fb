import Addresses
import CredentialProtocol
import KernelKeyring
import OAuth
import SecretService
import Secrets
import TestSupport
import Testing

@testable import KeyfobCore

@Suite(.timeLimit(.minutes(1)))
struct `A token without the user` {
    // MARK: From the cache

    @Test func `comes from the cache, and needs no lock, keyring or network`() async throws {
        try await TokenBench.run([], .init(lockDirectory: "/dev/null/none")) { bench async throws in
            bench.cache("cached", left: 3600)
            bench.items.lock()
            #expect(try await bench.tokenText() == "cached")
            #expect(bench.server.requests.isEmpty)
        }
    }

    /// The lifetime that the server gives; `min_ttl` of the account and of the request; the life left; whether keyfob
    /// gives the token.
    static let fresh: [(Int?, Int64, Int?, Int64, Bool)] = [
        // Remaining life >= min(min_ttl, half of the lifetime)
        (3600, 300, nil, 3600, true), (3600, 300, nil, 300, true), (3600, 300, nil, 299, false),
        (3600, 5000, nil, 1800, true), (3600, 5000, nil, 1799, false),
        (120, 300, nil, 60, true), (120, 300, nil, 59, false), (600, 300, nil, 300, true), (600, 300, nil, 299, false),
        (1, 300, nil, 1, true), (1, 300, nil, 0, false), (2, 300, nil, 1, true), (3600, 1, nil, 1, true),
        (3600, 1, nil, 0, false),
        // The caller's `min_ttl` counts
        (3600, 300, 1000, 1000, true), (3600, 300, 1000, 999, false), (3600, 300, 10, 10, true),
        (3600, 300, 10, 9, false), (3600, 300, 9999, 1800, true), (3600, 300, 9999, 1799, false),
        (3600, 300, 0, 1, true), (3600, 300, 0, 0, false),
    ]

    @Test(arguments: fresh)
    func `is given until too little of its life is left, and then refreshed`(
        _ lifetime: Int?, _ accountMinTTL: Int64, _ minTTL: Int?, _ left: Int64, _ isFresh: Bool
    ) async throws {
        let account = try Account.example { $0.minTTL = accountMinTTL }
        let answers = [ScriptedTransport.Answer.tokens("1", expiresIn: lifetime), .tokens("2", expiresIn: lifetime)]
        try await TokenBench.run(answers, .init(account: account)) { bench in
            try bench.grant()
            let first = try await bench.token()
            #expect(first.expiresAt == bench.clock.now + Int64(lifetime ?? 0))
            bench.clock.advance(Int64(lifetime ?? 0) - left)
            #expect(try await bench.tokenText(minTTL: minTTL) == (isFresh ? "1" : "2"))
        }
    }

    @Test(arguments: [nil, 3600])
    func `of unknown lifetime is given for five minutes, without a time of expiry`(_ minTTL: Int?) async throws {
        try await TokenBench.run([.tokens("1", expiresIn: nil), .tokens("2", expiresIn: nil)]) { bench in
            try bench.grant()
            #expect(try await bench.token(minTTL: minTTL).expiresAt == nil)
            bench.clock.advance(299)
            #expect(try await bench.tokenText(minTTL: minTTL) == "1")
            bench.clock.advance(1)
            #expect(try await bench.tokenText(minTTL: minTTL) == "2")
        }
    }

    @Test func `is given even if it cannot be cached`() async throws {
        try await TokenBench.run([.tokens("1", expiresIn: 1)]) { bench in
            try bench.grant()
            #expect(try await bench.tokenText(minTTL: 3600) == "1")
        }
    }

    // MARK: By refresh

    @Test func `comes from the grant's token endpoint, even if the configuration now has another one`() async throws {
        let account = try Account.example {
            $0.server = .issuer("https://elsewhere.example.com")
            $0.resource = "https://git.example.com/"
        }
        try await TokenBench.run([.tokens("1")], .init(account: account)) { bench in
            try bench.grant()
            #expect(try await bench.tokenText() == "1")
            #expect(bench.server.addresses == [TokenBench.tokenEndpoint])
            let form = try #require(bench.forms.first)
            #expect(form.contains("grant_type=refresh_token") && form.contains("refresh_token=refresh-1"))
            #expect(form.contains("resource=https%3A%2F%2Fgit.example.com%2F"))
        }
    }

    @Test func `comes from a refresh that stores a rotated refresh token and its scopes in the same item`() async throws
    {
        try await TokenBench.run([.tokens("1", refresh: "refresh-2", scope: "read write"), .tokens("2")]) { bench in
            let grant = try bench.grant()
            #expect(try await bench.tokenText() == "1")
            var renewed = grant
            renewed.refreshToken = Secret("refresh-2")
            renewed.scopes = ["read", "write"]
            #expect(try bench.grants.all() == [renewed])
            bench.clock.advance(3600)
            #expect(try await bench.tokenText() == "2")
            #expect(bench.forms.last?.contains("refresh_token=refresh-2") == true)
        }
    }

    @Test(arguments: [nil, "refresh-1"])
    func `comes from a refresh that writes nothing if nothing is rotated`(_ refresh: String?) async throws {
        try await TokenBench.run([.tokens("1", refresh: refresh, scope: "read")]) { bench in
            try bench.grant()
            let written = bench.items.items.map(\.modified)
            bench.items.refuseWrites(.failed("a write"))
            #expect(try await bench.tokenText() == "1")
            #expect(bench.items.items.map(\.modified) == written)
        }
    }

    @Test func `is not given if its grant cannot be stored`() async throws {
        try await TokenBench.run([.tokens("1", refresh: "refresh-2")]) { bench in
            try bench.grant()
            bench.items.refuseWrites(.failed("disk full"))
            bench.items.removeSessionCollection()
            await #expect(
                throws: CredentialFailure.grantNotSaved(service: bench.account.service, by: .failed("disk full"))
            ) {
                try await bench.token()
            }
            #expect(bench.cache.token(account: bench.account.id) == nil)
        }
    }

    @Test func `is given if the session collection stores its grant`() async throws {
        try await TokenBench.run([.tokens("1", refresh: "refresh-2")]) { bench in
            try bench.grant()
            bench.items.refuseWrites(.failed("disk full"))
            #expect(try await bench.tokenText() == "1")
            #expect(bench.items.sessionItems.count == 1)
            #expect(try bench.storedRefreshToken == "refresh-2")
        }
    }

    @Test func `needs one refresh for twenty callers at once`() async throws {
        try await TokenBench.run([.tokens("1", refresh: "refresh-2"), .tokens("2", refresh: "refresh-3")]) { bench in
            try bench.grant()
            let tokens = try await withThrowingTaskGroup(of: String?.self) { group in
                for _ in 0..<20 { group.addTask { try await bench.tokenText() } }
                return try await group.reduce(into: Set<String?>()) { $0.insert($1) }
            }
            #expect(tokens == ["1"])
            #expect(bench.forms.count == 1)
            #expect(try bench.storedRefreshToken == "refresh-2")
        }
    }

    /// The scopes and the authentication context that the request names. keyfob compares both with the grant.
    @Test(arguments: [[], ["read"]], [[], ["silver"]])
    func `needs one read and one write of the grant`(_ scopes: [String], _ contexts: [String]) async throws {
        try await TokenBench.run([.tokens("1", refresh: "refresh-2")]) { bench in
            var grant = try bench.grant()
            grant.requestedContexts = contexts
            try bench.grants.save(grant)
            bench.items.resetCounts()
            #expect(try await bench.token(scope: scopes, contexts: contexts).token == Secret("1"))
            #expect(bench.items.searches == ["grant"])
            #expect(bench.items.writes == ["grant"])
        }
    }

    // MARK: Without a refresh token

    @Test func `that never expires and has no refresh token is itself the grant`() async throws {
        try await TokenBench.run { bench in
            try bench.grant(refreshToken: nil, accessToken: "forever")
            let token = try await bench.token(minTTL: 86_400)
            #expect(token.token == Secret("forever"))
            #expect(token.expiresAt == nil)
            bench.clock.advance(86_399)
            bench.items.lock()
            #expect(try await bench.tokenText() == "forever")
            bench.items.lock(false)
            bench.clock.advance(1)
            #expect(try await bench.tokenText() == "forever")
            #expect(bench.server.requests.isEmpty)
        }
    }

    @Test func `that has expired and has no refresh token needs a sign-in`() async throws {
        try await TokenBench.run { bench in
            try bench.grant(refreshToken: nil)
            await #expect(
                throws: CredentialFailure.signInNeeded(
                    service: bench.account.service, because: .noRefreshToken(scopes: bench.account.scopes))
            ) { try await bench.token() }
            #expect(try bench.grants.all().count == 1)
        }
    }
}
