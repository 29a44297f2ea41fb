import Addresses
import CredentialProtocol
import KernelKeyring
import OAuth
import SecretService
import Secrets
import TestSupport
import Testing

@testable import KeyfobCore

/// Only an error that says so ends a refresh token. A network error deletes nothing and opens no browser.
@Suite(.timeLimit(.minutes(1)))
struct `A refresh that fails` {
    struct Trouble: Sendable, CustomTestStringConvertible {
        var testDescription: String
        var answer: ScriptedTransport.Answer
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
        Trouble(testDescription: "half an answer", answer: .json("{\"access_token\":\"1")),
        Trouble(testDescription: "408", answer: .status(408)), Trouble(testDescription: "425", answer: .status(425)),
        Trouble(testDescription: "server_error", answer: .error("server_error")),
        Trouble(testDescription: "temporarily_unavailable", answer: .error("temporarily_unavailable")),
        Trouble(testDescription: "slow_down", answer: .error("slow_down")),
    ]

    @Test(arguments: troubles)
    func `deletes nothing and asks nobody`(_ trouble: Trouble) async throws {
        try await TokenBench.run([trouble.answer], .init(interaction: .always)) { bench in
            let grant = try bench.grant()
            let error = await #expect(throws: (any Error).self) { try await bench.token() }
            #expect(Self.isTransient(error))
            #expect(try bench.grants.all() == [grant])
            #expect(bench.forms.count == 1)
            #expect(bench.browser.openings == 0)
        }
    }

    /// Whether an error says that a retry may succeed later, by itself or in the failure of a refresh.
    private static func isTransient(_ error: (any Error)?) -> Bool {
        switch error {
        case let error as OAuthError: error.isTransient
        case let failure as CredentialFailure:
            if case .refreshFailed(_, _, let error) = failure { error.isTransient } else { false }
        default: false
        }
    }

    @Test(arguments: [
        ScriptedTransport.Answer.error("invalid_client", status: 401), .error("unauthorized_client"),
        .error("incorrect_client_credentials"), .error("invalid_request"), .error("invalid_scope"), .status(400),
        .status(404), .json("{}"),
    ])
    func `without a word about the refresh token keeps it, and needs a sign-in`(
        _ answer: ScriptedTransport.Answer
    ) async throws {
        try await TokenBench.run([answer]) { bench in
            let grant = try bench.grant()
            let error = await #expect(throws: CredentialFailure.self) { try await bench.token() }
            guard case .signInNeeded(_, _, because: .refreshRefused)? = error else {
                Issue.record("\(String(describing: error))")
                return
            }
            #expect(try bench.grants.all() == [grant])
        }
    }

    @Test func `with invalid_client keeps the grant and keyfob's own registration`() async throws {
        let account = try Account.example { $0.client = nil }
        try await TokenBench.run([.error("invalid_client"), .tokens("2")], .init(account: account)) { bench in
            let grant = try bench.grant()
            let issuer = grant.issuer ?? account.server.identifier
            let registrations = RegistrationStore(items: bench.items)
            try registrations.save(ClientRegistration(issuer: issuer, client: grant.client, redirectURIs: []))
            let needed = CredentialFailure.signInNeeded(service: account.service, because: .clientForgotten)
            await #expect(throws: needed) { try await bench.token() }
            #expect(try bench.grants.all() == [grant])
            #expect(try registrations.own(issuer: issuer).map(\.client.id) == [grant.client.id])
            // The server has recovered.
            #expect(try await bench.tokenText() == "2")
        }
    }

    /// Otherwise each sign-in would register one more client, at a server that refreshes for none.
    @Test func `with invalid_client right after another registration registers no third time`() async throws {
        let account = try Account.example { $0.client = nil }
        let answers: [ScriptedTransport.Answer] = [.error("invalid_client"), .tokens("2"), .error("invalid_client")]
        try await TokenBench.run(answers, .init(account: account)) { bench in
            var grant = try bench.grant()
            grant.isFirstOfClient = true
            try bench.grants.save(grant)
            let registrations = RegistrationStore(items: bench.items)
            try registrations.save(
                ClientRegistration(
                    issuer: grant.issuer ?? account.server.identifier, client: grant.client, redirectURIs: []))
            let error = await #expect(throws: CredentialFailure.self) { try await bench.token() }
            guard case .signInNeeded(_, _, because: .refreshRefused) = error else {
                Issue.record("\(String(describing: error))")
                return
            }
            #expect(try bench.grants.all() == [grant])
            // A refresh that worked makes it an ordinary sign-in.
            #expect(try await bench.tokenText() == "2")
            #expect(try bench.grants.all().map(\.isFirstOfClient) == [false])
        }
    }

    /// The server gives no token for the service. One without a resource could be for something else.
    @Test func `with invalid_target is not repeated without the resource, and opens no browser`() async throws {
        try await TokenBench.run([.error("invalid_target")], .init(interaction: .always)) { bench in
            var grant = try bench.grant()
            grant.resource = "https://git.example.com/"
            try bench.grants.save(grant)
            let needed = CredentialFailure.signInNeeded(
                service: bench.account.service, because: .resourceRefused("https://git.example.com/"))
            await #expect(throws: needed) { try await bench.token() }
            #expect(bench.forms.count == 1)
            #expect(try bench.grants.all() == [grant])
            #expect(bench.browser.openings == 0)
        }
    }

    @Test func `without a usable access token keeps its refresh token first`() async throws {
        try await TokenBench.run([.tokens("a b", refresh: "refresh-2")]) { bench in
            try bench.grant()
            await #expect(throws: CredentialFailure.self) { try await bench.token() }
            #expect(try bench.storedRefreshToken == "refresh-2")
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
            #expect(try await bench.tokenText() == "old")
            bench.clock.advance(1)
            await #expect(throws: (any Error).self) { try await bench.token() }
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
            let failure = CredentialFailure.refreshFailed(
                service: bench.account.service, account: bench.account.name, by: .answerLost(host: Self.host))
            await #expect(throws: failure) { try await bench.token() }
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
            if haveEndedACall { await #expect(throws: CredentialFailure.self) { try await bench.token() } }
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
