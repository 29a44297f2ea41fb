import Synchronization

/// Looks at the rungs, those at the same time that do not depend on one another, and never for longer than it may take.
package struct Ladder: Sendable {
    /// The time for all of it.
    package static let deadline = Duration.seconds(10)

    let rungs: [Rung]
    let deadline: Duration
    let look: @Sendable (Rung) async -> Finding

    /// - Parameters:
    ///   - rungs: in the order in which they are told; what a rung needs stands before it, or is left out.
    ///   - look: finds out about one rung. One that takes longer than it may is left to itself.
    package init(
        _ rungs: [Rung], deadline: Duration = Self.deadline, look: @escaping @Sendable (Rung) async -> Finding
    ) {
        (self.rungs, self.deadline, self.look) = (rungs, deadline, look)
    }

    /// One rung, and what was found.
    package typealias Step = (rung: Rung, finding: Finding)

    /// - Returns: a step for each rung, in their order.
    package func climb() async -> [Step] {
        let end = ContinuousClock.now + deadline
        var looks: [Rung: Task<Finding, Never>] = [:]
        for rung in rungs {
            let needed = rung.needs.compactMap { need in looks[need].map { (need, $0) } }
            let followed = rung.follows.compactMap { looks[$0] }
            looks[rung] = Task {
                for (need, found) in needed {
                    if let skipped = await Self.skipped(because: need, found.value) { return skipped }
                }
                for found in followed { _ = await found.value }
                return await finding(rung, until: end)
            }
        }
        var steps: [Step] = []
        for rung in rungs { if let finding = await looks[rung]?.value { steps.append((rung, finding)) } }
        return steps
    }

    /// What follows for a rung from what was found at one that it needs; nil: nothing.
    static func skipped(because need: Rung, _ finding: Finding) -> Finding? {
        switch finding.status {
        case .ok, .warning: nil
        case .failed: .skipped(because: need, "not looked at, because of \(need.rawValue)")
        case .skipped:
            .skipped(
                because: finding.because ?? need, "not looked at, because of \((finding.because ?? need).rawValue)")
        }
    }

    /// The exit status of the whole: that of the first rung that has failed, in their order; 0 where none has.
    package static func exitStatus(of steps: [Step]) -> Int32 {
        steps.first { $0.finding.status == .failed }?.finding.exitStatus ?? 0
    }

    private func finding(_ rung: Rung, until end: ContinuousClock.Instant) async -> Finding {
        let bound = min(rung.bound, ContinuousClock.now.duration(to: end))
        let found = bound > .zero ? await Self.first(within: bound) { await look(rung) } : nil
        return found
            ?? .failed(
                "no answer within the time for it", mend: ["try again; a busy machine or a slow network takes longer"],
                exitStatus: 75)
    }

    /// What `body` gives, or nil at the end of its time: nobody waits for one that cannot be cancelled.
    private static func first(
        within bound: Duration, _ body: @escaping @Sendable () async -> Finding
    ) async -> Finding? {
        await withCheckedContinuation { continuation in
            let answer = Answer(continuation)
            let clock = Task {
                try? await Task.sleep(for: bound)
                answer.give(nil)
            }
            Task {
                answer.give(await body())
                clock.cancel()
            }
        }
    }

    /// The first of several answers counts.
    private final class Answer: Sendable {
        private let waiting: Mutex<CheckedContinuation<Finding?, Never>?>

        init(_ continuation: CheckedContinuation<Finding?, Never>) {
            waiting = Mutex(continuation)
        }

        func give(_ finding: Finding?) {
            waiting.withLock { waiting in
                waiting?.resume(returning: finding)
                waiting = nil
            }
        }
    }
}
