import Addresses
import CredentialProtocol
import KernelKeyring
import OAuth
import SecretService
import Secrets
import TestSupport
import Testing

@testable import KeyfobCore

/// Only `invalid_grant` ends a refresh token. A network error deletes nothing and opens no browser.
@Suite(.timeLimit(.minutes(1)))
struct `A refresh that fails` {
    struct Trouble: Sendable, CustomTestStringConvertible {
        var testDescription: String
        var answer: ScriptedTransport.Answer
        var isTransient = true
    }

    private static let host = "login.example.com"

    static let troubles: [Trouble] = [
        Trouble(testDescription: "no network", answer: .failure(.unreachable(host: host, reason: "refused"))),
        Trouble(testDescription: "no answer", answer: .failure(.timedOut(host: host, seconds: 30))),
        Trouble(testDescription: "no trust", answer: .failure(.untrusted(host: host, reason: .selfSigned))),
        Trouble(
            testDescription: "a network that answers for every name",
            answer: .failure(.addressTooNear(host: host, resource: "git.example.com"))),
        Trouble(testDescription: "too much", answer: .failure(.tooLarge(host: host, limit: 65_536))),
        Trouble(testDescription: "a captive portal", answer: .body("<html>", type: "text/html")),
        Trouble(testDescription: "a redirect", answer: .status(302, fields: [("Location", "https://portal.example/")])),
        Trouble(testDescription: "500", answer: .status(500)), Trouble(testDescription: "503", answer: .status(503)),
        Trouble(testDescription: "429", answer: .status(429, fields: [("Retry-After", "7")])),
        Trouble(testDescription: "half an answer", answer: .json("{\"access_token\":\"1\"")),
        Trouble(testDescription: "an empty answer", answer: .json("{}")),
        Trouble(testDescription: "server_error", answer: .error("server_error")),
        Trouble(testDescription: "temporarily_unavailable", answer: .error("temporarily_unavailable")),
        Trouble(testDescription: "slow_down", answer: .error("slow_down")),
        // A retry would not help, but these errors do not end the refresh token either
        Trouble(testDescription: "invalid_request", answer: .error("invalid_request"), isTransient: false),
        Trouble(testDescription: "invalid_scope", answer: .error("invalid_scope"), isTransient: false),
        Trouble(testDescription: "a bad token", answer: .tokens("a b", refresh: "refresh-2"), isTransient: false),
    ]

    @Test(arguments: troubles)
    func `deletes nothing and asks nobody`(_ trouble: Trouble) async throws {
        try await TokenBench.run([trouble.answer], .init(interaction: .always)) { bench in
            let grant = try bench.grant()
            let error = await #expect(throws: OAuthError.self) { try await bench.token() }
            #expect(error?.isTransient == trouble.isTransient)
            #expect(try bench.grants.all() == [grant])
            #expect(bench.forms.count == 1)
            #expect(bench.browser.openings == 0)
        }
    }

    @Test(arguments: ["invalid_client", "unauthorized_client", "incorrect_client_credentials"])
    func `names the client that the user has registered, and deletes nothing`(_ error: String) async throws {
        try await TokenBench.run([.error(error, status: 401)], .init(interaction: .always)) { bench in
            let grant = try bench.grant()
            let host = try EndpointURL(TokenBench.tokenEndpoint).host
            let refusal = OAuthError.refused(host: host, status: 401, error: error, description: "said so")
            await #expect(
                throws: CredentialFailure.clientRefused(
                    service: bench.account.service, id: grant.client.id, by: refusal)
            ) { try await bench.token() }
            #expect(try bench.grants.all() == [grant])
            #expect(bench.browser.openings == 0)
        }
    }

    @Test func `keeps a client of the user, even if no file names it now`() async throws {
        let account = try Account.example { $0.client = nil }
        try await TokenBench.run([.error("invalid_client")], .init(account: account)) { bench in
            let grant = try bench.grant()
            let issuer = grant.issuer ?? account.server.identifier
            let registrations = RegistrationStore(items: bench.items)
            try registrations.save(
                ClientRegistration(issuer: issuer, client: grant.client, redirectURIs: [], isByPerson: true))
            await #expect(throws: CredentialFailure.self) { try await bench.token() }
            #expect(try registrations.registration(issuer: issuer, client: grant.client.id)?.client == grant.client)
            #expect(try bench.grants.all() == [grant])
        }
    }

    @Test(arguments: troubles)
    func `gives a token with some life left, if a retry may succeed later`(_ trouble: Trouble) async throws {
        try await TokenBench.run([trouble.answer], .init(interaction: .always)) { bench in
            try bench.grant()
            bench.cache("old", left: 1)
            if trouble.isTransient {
                #expect(try await bench.tokenText() == "old")
                bench.clock.advance(1)
            }
            await #expect(throws: OAuthError.self) { try await bench.token() }
        }
    }

    /// The grant after the server has refused it: without a token, so that keyfob still knows the account.
    private static func ended(_ bench: TokenBench) -> Grant {
        var grant = Grant.example(of: bench.account, refreshToken: nil)
        grant.endedAt = bench.clock.now
        return grant
    }

    @Test func `with invalid_grant deletes the token, and says why a sign-in is needed`() async throws {
        try await TokenBench.run([.error("invalid_grant")]) { bench in
            try bench.grant()
            bench.cache("old", left: 100)
            let reason = CredentialFailure.SignInReason.grantRefused(description: "said so")
            await #expect(throws: CredentialFailure.signInNeeded(service: bench.account.service, because: reason)) {
                try await bench.token()
            }
            #expect(try bench.grants.all() == [Self.ended(bench)])
            #expect(bench.cache.token(account: bench.account.id) == nil)
            // The same happens the next time, without a request to the server
            await #expect(
                throws: CredentialFailure.signInNeeded(service: bench.account.service, because: .grantEnded)
            ) { try await bench.token() }
            #expect(bench.forms.count == 1)
        }
    }

    @Test func `with invalid_grant keeps the grants of other accounts`() async throws {
        try await TokenBench.run([.error("invalid_grant")]) { bench in
            try bench.grant()
            let other = Grant.example(of: try .example { $0.name = "alice" })
            try bench.grants.save(other)
            await #expect(throws: CredentialFailure.self) { try await bench.token() }
            #expect(try bench.grants.grant(account: other.account) == other)
        }
    }

    @Test func `with invalid_grant uses a newer refresh token that another process has stored`() async throws {
        let account = try Account.example()
        let setting = TokenBench.Setting(
            interaction: .always, account: account,
            before: { items in
                // A process in another session has another lock: the stored token is no longer the one that was sent.
                try GrantStore(items: items).save(.example(of: account, refreshToken: "refresh-2"))
            })
        try await TokenBench.run([.error("invalid_grant"), .tokens("2")], setting) { bench in
            try bench.grant()
            #expect(try await bench.tokenText() == "2")
            #expect(bench.forms.count == 2)
            #expect(bench.forms.last?.contains("refresh_token=refresh-2") == true)
            #expect(try bench.storedRefreshToken == "refresh-2")
            #expect(bench.browser.openings == 0)
        }
    }

    @Test func `with invalid_grant for the newer one too needs a sign-in`() async throws {
        let account = try Account.example()
        let setting = TokenBench.Setting(
            account: account,
            before: { try GrantStore(items: $0).save(.example(of: account, refreshToken: "refresh-2")) })
        try await TokenBench.run([.error("invalid_grant")], setting) { bench in
            try bench.grant()
            let error = await #expect(throws: CredentialFailure.self) { try await bench.token() }
            let reason = CredentialFailure.SignInReason.grantRefused(description: "said so")
            #expect(error == .signInNeeded(service: bench.account.service, because: reason))
            #expect(try bench.grants.all() == [Self.ended(bench)])
        }
    }

    private static let lost = ScriptedTransport.Answer.failure(.answerLost(host: host))
    private static let late = ScriptedTransport.Answer.failure(.timedOut(host: host, seconds: 30))

    @Test func `because its answer was lost is retried at once, with the same refresh token`() async throws {
        try await TokenBench.run([Self.lost, .tokens("2", refresh: "refresh-2")]) { bench in
            try bench.grant()
            #expect(try await bench.tokenText() == "2")
            #expect(bench.forms.count == 2 && bench.forms.first == bench.forms.last)
            #expect(try bench.storedRefreshToken == "refresh-2")
        }
    }

    @Test func `because its answer was lost twice is not tried a third time, and deletes nothing`() async throws {
        try await TokenBench.run([Self.lost]) { bench in
            let grant = try bench.grant()
            await #expect(throws: OAuthError.answerLost(host: Self.host)) { try await bench.token() }
            #expect(bench.forms.count == 2)
            #expect(try bench.grants.all() == [grant])
        }
    }

    /// The answers, of which the last is invalid_grant; and whether the earlier ones ended a call.
    static let refusalsAfterLoss: [([ScriptedTransport.Answer], Bool)] = [
        ([lost, .error("invalid_grant")], false), ([lost, lost, .error("invalid_grant")], true),
        ([late, .error("invalid_grant")], true),
    ]

    @Test(arguments: refusalsAfterLoss)
    func `with invalid_grant after a lost answer says that the answer was lost`(
        _ answers: [ScriptedTransport.Answer], _ haveEndedACall: Bool
    ) async throws {
        try await TokenBench.run(answers) { bench in
            try bench.grant()
            if haveEndedACall { await #expect(throws: OAuthError.self) { try await bench.token() } }
            let failure = CredentialFailure.signInNeeded(service: bench.account.service, because: .answerLost)
            await #expect(throws: failure) { try await bench.token() }
            #expect(bench.forms.count == answers.count)
        }
    }

    @Test func `with invalid_grant after a lost answer and a good one does not mention the lost answer`() async throws {
        let answers = [Self.lost, .tokens("2", refresh: "refresh-2", expiresIn: 600), .error("invalid_grant")]
        try await TokenBench.run(answers) { bench in
            try bench.grant()
            _ = try await bench.token()
            bench.clock.advance(600)
            let failure = CredentialFailure.signInNeeded(
                service: bench.account.service, because: .grantRefused(description: "said so"))
            await #expect(throws: failure) { try await bench.token() }
        }
    }

    @Test func `gives a token with some life left if the keyring is locked`() async throws {
        try await TokenBench.run { bench in
            try bench.grant()
            bench.cache("old", left: 1)
            bench.items.lock()
            #expect(try await bench.tokenText() == "old")
            bench.clock.advance(1)
            await #expect(throws: SecretServiceError.locked) { try await bench.token() }
        }
    }

    @Test func `is not tried if the keyring is locked, and the user is not asked`() async throws {
        try await TokenBench.run([.tokens("1")], .init(interaction: .always)) { bench in
            try bench.grant()
            bench.items.lock()
            await #expect(throws: SecretServiceError.locked) { try await bench.token() }
            #expect(bench.server.requests.isEmpty)
            #expect(bench.browser.openings == 0)
        }
    }
}
