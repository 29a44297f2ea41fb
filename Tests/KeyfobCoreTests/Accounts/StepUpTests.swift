import Addresses
import CredentialProtocol
import KernelKeyring
import OAuth
import Secrets
import TestSupport
import Testing

@testable import KeyfobCore

/// RFC 9470, step-up authentication.
@Suite(.timeLimit(.minutes(1))) struct `A stronger sign-in` {
    private static func request(_ challenges: [String]) -> CredentialRequest {
        var request = CredentialRequest.git()
        request.wwwauth = challenges
        return request
    }

    private static let demand = "error=\"insufficient_user_authentication\""

    /// Challenges, and the sign-in that they demand.
    static let challenges: [([String], StepUp?)] = [
        (["Bearer \(demand), acr_values=\"gold silver\""], StepUp(contexts: ["gold", "silver"], maxAge: nil)),
        (["Bearer \(demand), max_age=\"5\""], StepUp(contexts: [], maxAge: 5)),
        (["Bearer \(demand), max_age=0, acr_values=gold"], StepUp(contexts: ["gold"], maxAge: 0)),
        (["Basic realm=\"x\"", "Bearer \(demand), acr_values=gold"], StepUp(contexts: ["gold"], maxAge: nil)),
        // These demand no sign-in that keyfob could do
        (["Bearer \(demand)"], nil), (["Bearer \(demand), max_age=-1"], nil), (["Bearer \(demand), max_age=soon"], nil),
        (["Bearer acr_values=gold"], nil), (["Bearer error=\"insufficient_scope\", acr_values=gold"], nil),
        (["DPoP \(demand), acr_values=gold"], nil), ([], nil),
    ]

    @Test(arguments: challenges)
    func `is demanded by a challenge`(_ challenges: [String], _ expected: StepUp?) {
        #expect(Self.request(challenges).stepUp == expected)
    }

    /// The demand, the contexts that an earlier sign-in requested, its age in seconds, and whether it meets the demand.
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
    func `is not needed if an earlier sign-in meets the demand`(
        _ wanted: StepUp, _ contexts: [String], _ age: Int64, _ isMet: Bool
    ) {
        #expect(wanted.isMet(by: contexts, age: age) == isMet)
    }

    private static let gold = request(["Bearer \(demand), acr_values=\"gold\""])

    @Test func `is done once, however fresh the token is and however often the service demands it`() async throws {
        let answers = [ScriptedTransport.Answer.tokens("2", refresh: "r-2"), .tokens("3", refresh: "r-3")]
        try await TokenBench.run(answers, .init(interaction: .always)) { bench in
            try bench.grant()
            bench.cache("1", left: 3600)
            for _ in 0..<3 {
                #expect(try await bench.source.token(of: bench.account, for: Self.gold).token == Secret("2"))
            }
            #expect(bench.browser.openings == 1)
            #expect(try bench.grants.grant(account: bench.account.id)?.requestedContexts == ["gold"])
            // A sign-in for another reason keeps these contexts.
            _ = try await bench.token(scope: ["write"])
            #expect(try bench.grants.grant(account: bench.account.id)?.requestedContexts == ["gold"])
            #expect(bench.browser.openings == 2)
        }
    }

    @Test func `is an error if the user must not be asked, and deletes nothing`() async throws {
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

    @Test func `follows as soon as the earlier sign-in is older than max_age`() async throws {
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
