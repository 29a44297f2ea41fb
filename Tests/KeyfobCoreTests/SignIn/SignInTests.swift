import Addresses
import CredentialProtocol
import KernelKeyring
import OAuth
import SecretService
import Secrets
import TestSupport
import Testing

@testable import KeyfobCore

/// No grant gives a token, so the user must sign in.
@Suite(.timeLimit(.minutes(1)))
struct `A token that needs the user` {
    @Test func `is not given if nobody may be asked`() async throws {
        let settings = [
            TokenBench.Setting(interaction: .never), .init(interaction: .auto, gitDeclines: true),
        ]
        for setting in settings {
            try await TokenBench.run([.tokens("1")], setting) { bench in
                await #expect(
                    throws: CredentialFailure.signInNeeded(service: bench.account.service, because: .noGrant)
                ) { try await bench.token() }
                #expect(bench.browser.openings == 0)
                #expect(bench.server.requests.isEmpty)
            }
        }
    }

    @Test func `does not come from a grant that lacks a requested scope`() async throws {
        try await TokenBench.run([.tokens("1")]) { bench in
            try bench.grant()
            bench.cache("cached", left: 3600)
            let granted = try #require(try bench.grants.all().first).scopes
            #expect(try await bench.token(scope: granted).token == Secret("cached"))
            await #expect(
                throws: CredentialFailure.signInNeeded(
                    service: bench.account.service, because: .scopesMissing(["write"]))
            ) { try await bench.token(scope: granted + ["write"]) }
            #expect(bench.server.requests.isEmpty)
        }
    }

    @Test(arguments: [false, true])
    func `is revoked if its grant cannot be stored, unless that could end an earlier sign-in`(
        isSecond: Bool
    ) async throws {
        let account = try Account.example {
            guard case .endpoints(var metadata) = $0.server else { return }
            metadata.revocationEndpoint = try EndpointURL("https://login.example.com/revoke")
            $0.server = .endpoints(metadata)
        }
        let setting = TokenBench.Setting(interaction: .auto, account: account) { items in
            items.refuseWrites(.failed("disk full"))
            items.removeSessionCollection()
        }
        try await TokenBench.run([.tokens("1", refresh: "refresh-2", scope: "read")], setting) { bench in
            if isSecond { try bench.grant() }
            await #expect(
                throws: CredentialFailure.grantNotSaved(service: account.service, by: .failed("disk full"))
            ) { try await bench.source.signInAnew(to: account) }
            let revoked = bench.server.requests.filter { $0.url.string.hasSuffix("/revoke") }
                .compactMap { $0.form?.exposedText }
            #expect(revoked.map { $0.contains("token=refresh-2") } == (isSecond ? [] : [true]))
        }
    }

    @Test func `comes with a grant, which is stored first`() async throws {
        let account = try Account.example { $0.name = "alice" }
        let answers = [ScriptedTransport.Answer.tokens("1", refresh: "refresh-1", scope: "read"), .tokens("2")]
        try await TokenBench.run(answers, .init(interaction: .auto, account: account)) { bench in
            let token = try await bench.token()
            #expect(token.token == Secret("1"))
            #expect(token.expiresAt == bench.clock.now + 3600)
            #expect(bench.browser.openings == 1)
            #expect(bench.forms.first?.contains("code=code-1") == true)
            var grant = Grant.example(of: account)
            grant.grantedAt = bench.clock.now
            #expect(try bench.grants.all() == [grant])
            #expect(bench.cache.token(account: account.id)?.justIssued == token)
            // keyfob refreshes it from then on
            bench.clock.advance(3600)
            #expect(try await bench.tokenText() == "2")
            #expect(bench.browser.openings == 1)
        }
    }

    @Test func `is itself the grant if it neither expires nor can be refreshed`() async throws {
        try await TokenBench.run([.tokens("1", expiresIn: nil)], .init(interaction: .always)) { bench async throws in
            #expect(try await bench.token().expiresAt == nil)
            #expect(try bench.grants.grant(account: bench.account.id)?.accessToken == Secret("1"))
            bench.clock.advance(1_000_000)
            #expect(try await bench.tokenText() == "1")
            #expect(bench.browser.openings == 1)
        }
    }

    @Test func `is no grant if it expires and cannot be refreshed`() async throws {
        try await TokenBench.run([.tokens("1"), .tokens("2")], .init(interaction: .always)) { bench async throws in
            #expect(try await bench.tokenText() == "1")
            #expect(try bench.grants.grant(account: bench.account.id)?.accessToken == nil)
            bench.clock.advance(3600)
            #expect(try await bench.tokenText() == "2")
            #expect(bench.browser.openings == 2)
        }
    }

    @Test func `is not asked for if its grant could not be stored`() async throws {
        try await TokenBench.run([.tokens("1")], .init(interaction: .always)) { bench async throws in
            bench.items.lock()
            await #expect(throws: SecretServiceError.locked) { try await bench.token() }
            #expect(bench.browser.openings == 0)
        }
    }

    @Test func `is requested again after invalid_grant`() async throws {
        let answers = [ScriptedTransport.Answer.error("invalid_grant"), .tokens("2", refresh: "refresh-2")]
        try await TokenBench.run(answers, .init(interaction: .always)) { bench in
            try bench.grant()
            #expect(try await bench.tokenText() == "2")
            #expect(bench.browser.openings == 1)
            #expect(try bench.grants.all().map(\.refreshToken) == [Secret("refresh-2")])
        }
    }

    @Test func `is not given if the user says no`() async throws {
        try await TokenBench.run([.tokens("1")], .init(interaction: .always, refuses: true)) { bench async throws in
            await #expect(throws: CredentialFailure.signInRefused(service: bench.account.service)) {
                try await bench.token()
            }
            #expect(bench.items.items.isEmpty)
            #expect(bench.server.requests.isEmpty)
        }
    }

    @Test func `needs one sign-in for twenty callers at once`() async throws {
        let answers = [ScriptedTransport.Answer.tokens("1", refresh: "r"), .tokens("2", refresh: "r")]
        try await TokenBench.run(answers, .init(interaction: .always)) { bench in
            let tokens = try await withThrowingTaskGroup(of: String?.self) { group in
                for _ in 0..<20 { group.addTask { try await bench.tokenText() } }
                return try await group.reduce(into: Set<String?>()) { $0.insert($1) }
            }
            #expect(tokens == ["1"])
            #expect(bench.browser.openings == 1)
            #expect(bench.forms.count == 1)
        }
    }

    // MARK: keyfob login

    @Test func `from a new sign-in replaces the grant when the sign-in is complete`() async throws {
        let answers = [ScriptedTransport.Answer.tokens("1", refresh: "refresh-2")]
        try await TokenBench.run(answers) { bench in
            try bench.grant()
            bench.cache("old", left: 3600)
            #expect(try await bench.source.signInAnew(to: bench.account).token == Secret("1"))
            #expect(try bench.storedRefreshToken == "refresh-2")
            #expect(try bench.grants.all().count == 1)
            #expect(try await bench.tokenText() == "1")
        }
    }

    @Test func `from a new sign-in that fails changes nothing`() async throws {
        try await TokenBench.run([.tokens("1")], .init(refuses: true)) { bench in
            let grant = try bench.grant()
            bench.cache("old", left: 3600)
            await #expect(throws: CredentialFailure.self) { try await bench.source.signInAnew(to: bench.account) }
            #expect(try bench.grants.all() == [grant])
            #expect(try await bench.tokenText() == "old")
        }
    }
}

/// git's `erase`: which token keyfob deletes.
@Suite(.timeLimit(.minutes(1)))
struct `A token that a service has refused` {
    private func discard(_ refused: String?, _ bench: TokenBench) async throws -> Bool {
        try await bench.source.discard(refused.map { Secret($0) }, of: bench.account)
    }

    @Test func `is deleted, and the next one is refreshed`() async throws {
        try await TokenBench.run([.tokens("2")]) { bench in
            let grant = try bench.grant()
            bench.cache("1", left: 3600)
            #expect(try await discard("1", bench))
            #expect(bench.cache.token(account: bench.account.id) == nil)
            #expect(try bench.grants.all() == [grant])
            #expect(try await bench.tokenText() == "2")
        }
    }

    @Test func `is deleted, but not its successor`() async throws {
        try await TokenBench.run { bench in
            try bench.grant()
            bench.cache("2", left: 3600)
            #expect(try await !discard("1", bench))
            #expect(try await bench.tokenText() == "2")
        }
    }

    @Test func `is deleted if git names no token, but does not count as one of keyfob's`() async throws {
        try await TokenBench.run { bench in
            try bench.grant()
            bench.cache("1", left: 3600)
            #expect(try await !discard(nil, bench))
            #expect(bench.cache.token(account: bench.account.id) == nil)
            #expect(try bench.grants.all().count == 1)
        }
    }

    @Test func `is not from keyfob if keyfob has none`() async throws {
        try await TokenBench.run { bench in
            #expect(try await !discard("1", bench))
            #expect(try await !discard(nil, bench))
            try bench.grant()
            #expect(try await !discard("1", bench))
            #expect(try bench.grants.all().count == 1)
        }
    }

    @Test(arguments: [("forever", true), (nil, true), ("other", false)] as [(String?, Bool)], [true, false])
    func `ends the grant if the token is the grant`(_ refused: (String?, Bool), _ isCached: Bool) async throws {
        try await TokenBench.run { bench in
            try bench.grant(refreshToken: nil, accessToken: "forever")
            if isCached { _ = try await bench.token() }
            #expect(try await discard(refused.0, bench) == refused.1)
            #expect(try bench.grants.all().isEmpty == refused.1)
        }
    }
}
