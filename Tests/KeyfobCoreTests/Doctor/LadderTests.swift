import Synchronization
import Testing

@testable import KeyfobCore

/// Which checks are looked at, and which are not, because of others.
@Suite(.timeLimit(.minutes(1))) struct `The ladder` {
    /// Looks at all checks of a run, of which those in `bad` are as they say.
    private func climb(_ bad: [Check: Finding], hasService: Bool = true) async -> [Ladder.Step] {
        await Ladder(Check.all(hasService: hasService, refreshes: hasService)) { bad[$0] ?? .ok("fine") }.climb()
    }

    @Test func `what a check needs or follows stands before it`() {
        for (index, check) in Check.allCases.enumerated() {
            let before = Set(Check.allCases[..<index])
            #expect(before.isSuperset(of: check.needs + check.follows), "\(check)")
        }
    }

    @Test func `checks are told in their order, whatever the order of looking`() async {
        #expect(await climb([:]).map(\.check) == Check.allCases)
    }

    @Test func `without a service nothing is looked at that belongs to one`() {
        let without = Check.all(hasService: false, refreshes: true)
        #expect(without == Array(Check.allCases.prefix { $0 != .address }))
        #expect(!Check.all(hasService: true, refreshes: false).contains(.refresh))
    }

    static let failures: [(Check, Set<Check>)] = [
        (.bus, [.provider, .collection, .writable, .sessionCollection, .grant, .refresh]),
        (.collection, [.writable, .grant, .refresh]),
        (.kernelKeyring, [.kernelQuota]),
        (.runtimeDirectory, [.locks, .refresh]),
        (
            .configuration,
            [
                .signIn, .address, .service, .issuer, .metadata, .pkce, .httpPath, .client, .redirect, .grant, .token,
                .refresh,
            ]
        ),
        (.address, [.service]),
        (.metadata, [.pkce, .client]),
        (.grant, [.refresh]),
        (.clock, []),
    ]

    @Test(arguments: failures)
    func `what needs a check that has failed is skipped because of it`(_ check: Check, _ skipped: Set<Check>) async {
        let steps = await climb([check: .failed("no", mend: [], exitStatus: 69)])
        #expect(Set(steps.filter { $0.finding.status == .skipped }.map(\.check)) == skipped)
        #expect(steps.allSatisfy { $0.finding.status != .skipped || $0.finding.because == check })
        #expect(Ladder.exitStatus(of: steps) == 69)
    }

    @Test func `a warning skips nothing, and is no failure`() async {
        let steps = await climb([.collection: .warning("so so", mend: [])])
        #expect(!steps.contains { $0.finding.status == .skipped })
        #expect(Ladder.exitStatus(of: steps) == 0)
    }

    @Test func `the first failure in their order gives the exit status`() async {
        let steps = await climb([
            .clock: .failed("late", mend: [], exitStatus: 75), .grant: .failed("none", mend: [], exitStatus: 77),
        ])
        #expect(Ladder.exitStatus(of: steps) == 75)
    }

    @Test func `a check that follows another one waits for it`() async {
        let seen = Mutex<[Check]>([])
        _ = await Ladder([.metadata, .clock]) { check in
            // Few, for it has a time, and so many other tests take their turns.
            if check == .metadata { for _ in 0..<5 { await Task.yield() } }
            seen.withLock { $0.append(check) }
            return .ok("fine")
        }.climb()
        #expect(seen.withLock { $0 } == [.metadata, .clock])
    }

    @Test func `nobody waits for a check that does not come to its end`() async {
        let hanging = Mutex<CheckedContinuation<Void, Never>?>(nil)
        let steps = await Ladder([.bus, .provider], deadline: .milliseconds(100)) { _ in
            await withCheckedContinuation { continuation in hanging.withLock { $0 = continuation } }
            return .ok("fine")
        }.climb()
        hanging.withLock { $0 }?.resume()
        #expect(steps.map(\.finding.status) == [.failed, .skipped])
        #expect(steps[0].finding.exitStatus == 75)
    }
}
