import Addresses
import CredentialProtocol
import KernelKeyring
import OAuth
import Secrets
import TestSupport
import Testing

@testable import KeyfobCore

/// RFC 9470.
@Suite(.timeLimit(.minutes(1))) struct `A stronger sign-in` {
    private static func request(_ challenges: [String]) -> CredentialRequest {
        var request = CredentialRequest.git()
        request.wwwauth = challenges
        return request
    }

    private static let demand = "error=\"insufficient_user_authentication\""

    /// Challenges, and what they ask for.
    static let challenges: [([String], StepUp?)] = [
        (["Bearer \(demand), acr_values=\"gold silver\""], StepUp(contexts: ["gold", "silver"], maxAge: nil)),
        (["Bearer \(demand), max_age=\"5\""], StepUp(contexts: [], maxAge: 5)),
        (["Bearer \(demand), max_age=0, acr_values=gold"], StepUp(contexts: ["gold"], maxAge: 0)),
        (["Basic realm=\"x\"", "Bearer \(demand), acr_values=gold"], StepUp(contexts: ["gold"], maxAge: nil)),
        // What asks for nothing that could be done
        (["Bearer \(demand)"], nil), (["Bearer \(demand), max_age=-1"], nil), (["Bearer \(demand), max_age=soon"], nil),
        (["Bearer acr_values=gold"], nil), (["Bearer error=\"insufficient_scope\", acr_values=gold"], nil),
        (["DPoP \(demand), acr_values=gold"], nil), ([], nil),
    ]

    @Test(arguments: challenges)
    func `is what a challenge asks for`(_ challenges: [String], _ expected: StepUp?) {
        #expect(Self.request(challenges).stepUp == expected)
    }

    /// What is wanted, what an earlier sign-in has asked for, how many seconds ago, and whether that will do.
    static let earlier: [(StepUp, [String], Int64, Bool)] = [
        (StepUp(contexts: ["gold"], maxAge: nil), [], 0, false),
        (StepUp(contexts: ["gold"], maxAge: nil), ["gold"], 1_000_000, true),
        (StepUp(contexts: ["gold"], maxAge: nil), ["silver", "gold"], 0, true),
        (StepUp(contexts: ["gold", "silver"], maxAge: nil), ["gold"], 0, false),
        (StepUp(contexts: [], maxAge: 300), [], 300, true), (StepUp(contexts: [], maxAge: 300), [], 301, false),
        (StepUp(contexts: [], maxAge: 0), [], 60, true), (StepUp(contexts: [], maxAge: 0), [], 61, false),
        (StepUp(contexts: ["gold"], maxAge: 300), ["gold"], 301, false),
    ]

    @Test(arguments: earlier)
    func `is not asked for again where it has just been`(
        _ wanted: StepUp, _ contexts: [String], _ age: Int64, _ isMet: Bool
    ) {
        #expect(wanted.isMet(by: contexts, age: age) == isMet)
    }

    private static let gold = request(["Bearer \(demand), acr_values=\"gold\""])

    @Test func `is asked for once, however fresh the token is, and however often the service asks`() async throws {
        let answers = [ScriptedTransport.Answer.tokens("2", refresh: "r-2"), .tokens("3", refresh: "r-3")]
        try await TokenBench.run(answers, .init(interaction: .always)) { bench in
            try bench.grant()
            bench.cache("1", left: 3600)
            for _ in 0..<3 {
                #expect(try await bench.source.token(of: bench.account, for: Self.gold).token == Secret("2"))
            }
            #expect(bench.browser.openings == 1)
            #expect(try bench.grants.grant(account: bench.account.id)?.requestedContexts == ["gold"])
            // A sign-in for another reason does not lose what this one has won.
            _ = try await bench.token(scope: ["write"])
            #expect(try bench.grants.grant(account: bench.account.id)?.requestedContexts == ["gold"])
            #expect(bench.browser.openings == 2)
        }
    }

    @Test func `is nobody's where nobody may be asked, and nothing is forgotten`() async throws {
        try await TokenBench.run([]) { bench in
            let grant = try bench.grant()
            bench.cache("1", left: 3600)
            await #expect(
                throws: CredentialFailure.signInNeeded(service: bench.account.service, because: .stepUp)
            ) { try await bench.source.token(of: bench.account, for: Self.gold) }
            #expect(try bench.grants.all() == [grant])
            #expect(try await bench.tokenText() == "1")
        }
    }

    @Test func `of a sign-in that is too old is asked for when it is`() async throws {
        let request = Self.request(["Bearer \(Self.demand), max_age=600"])
        try await TokenBench.run([.tokens("2", refresh: "r-2")], .init(interaction: .always)) { bench in
            var grant = try bench.grant()
            grant.grantedAt = bench.clock.now - 600
            try bench.grants.save(grant)
            bench.cache("1", left: 3600)
            #expect(try await bench.source.token(of: bench.account, for: request).token == Secret("1"))
            bench.clock.advance(1)
            #expect(try await bench.source.token(of: bench.account, for: request).token == Secret("2"))
            #expect(bench.browser.openings == 1)
        }
    }
}
