import Synchronization
import Testing

@testable import KeyfobCore

/// Which rungs are looked at, and which are not, because of others.
@Suite(.timeLimit(.minutes(1))) struct `The ladder` {
    /// Looks at all rungs of a run, of which those in `bad` are as they say.
    private func climb(_ bad: [Rung: Finding], hasService: Bool = true) async -> [Ladder.Step] {
        await Ladder(Rung.all(hasService: hasService, refreshes: hasService)) { bad[$0] ?? .ok("fine") }.climb()
    }

    @Test func `what a rung needs or follows stands before it`() {
        for (index, rung) in Rung.allCases.enumerated() {
            let before = Set(Rung.allCases[..<index])
            #expect(before.isSuperset(of: rung.needs + rung.follows), "\(rung)")
        }
    }

    @Test func `rungs are told in their order, whatever the order of looking`() async {
        #expect(await climb([:]).map(\.rung) == Rung.allCases)
    }

    @Test func `without a service nothing is looked at that belongs to one`() {
        let without = Rung.all(hasService: false, refreshes: true)
        #expect(without == Array(Rung.allCases.prefix { $0 != .address }))
        #expect(!Rung.all(hasService: true, refreshes: false).contains(.refresh))
    }

    static let failures: [(Rung, Set<Rung>)] = [
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
    func `what needs a rung that has failed is skipped because of it`(_ rung: Rung, _ skipped: Set<Rung>) async {
        let steps = await climb([rung: .failed("no", mend: [], exitStatus: 69)])
        #expect(Set(steps.filter { $0.finding.status == .skipped }.map(\.rung)) == skipped)
        #expect(steps.allSatisfy { $0.finding.status != .skipped || $0.finding.because == rung })
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

    @Test func `a rung that follows another one waits for it`() async {
        let seen = Mutex<[Rung]>([])
        _ = await Ladder([.metadata, .clock]) { rung in
            // Few, for it has a time, and so many other tests take their turns.
            if rung == .metadata { for _ in 0..<5 { await Task.yield() } }
            seen.withLock { $0.append(rung) }
            return .ok("fine")
        }.climb()
        #expect(seen.withLock { $0 } == [.metadata, .clock])
    }

    @Test func `nobody waits for a rung that does not come to its end`() async {
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
