import Synchronization

/// Checks all checks within a time limit. Checks that do not depend on one another are checked at the same time.
package struct Ladder: Sendable {
    /// The time limit of the whole run.
    package static let deadline = Duration.seconds(10)

    let checks: [Check]
    let deadline: Duration
    let look: @Sendable (Check) async -> Finding

    /// - Parameters:
    ///   - checks: in the order of the report; the checks that a check needs come before it, or are left out.
    ///   - look: runs one check. After its time limit nobody waits for the result, but it keeps running.
    package init(
        _ checks: [Check], deadline: Duration = Self.deadline, look: @escaping @Sendable (Check) async -> Finding
    ) {
        (self.checks, self.deadline, self.look) = (checks, deadline, look)
    }

    /// A check and its finding.
    package typealias Step = (check: Check, finding: Finding)

    /// - Returns: a step for each check, in their order.
    package func climb() async -> [Step] {
        let end = ContinuousClock.now + deadline
        var looks: [Check: Task<Finding, Never>] = [:]
        for check in checks {
            let needed = check.needs.compactMap { need in looks[need].map { (need, $0) } }
            let followed = check.follows.compactMap { looks[$0] }
            looks[check] = Task {
                for (need, found) in needed {
                    if let skipped = await Self.skipped(because: need, found.value) { return skipped }
                }
                for found in followed { _ = await found.value }
                return await finding(check, until: end)
            }
        }
        var steps: [Step] = []
        for check in checks { if let finding = await looks[check]?.value { steps.append((check, finding)) } }
        return steps
    }

    /// The finding of a check that needs the check `need`, or nil if `finding` does not prevent the check.
    static func skipped(because need: Check, _ finding: Finding) -> Finding? {
        switch finding.status {
        case .ok, .warning: nil
        case .failed: .skipped(because: need, "not looked at, because of \(need.rawValue)")
        case .skipped:
            .skipped(
                because: finding.because ?? need, "not looked at, because of \((finding.because ?? need).rawValue)")
        }
    }

    /// The exit status of the run: that of the first failed check in the order of the report, or 0 if none has failed.
    package static func exitStatus(of steps: [Step]) -> Int32 {
        steps.first { $0.finding.status == .failed }?.finding.exitStatus ?? 0
    }

    private func finding(_ check: Check, until end: ContinuousClock.Instant) async -> Finding {
        let bound = min(check.bound, ContinuousClock.now.duration(to: end))
        let found = bound > .zero ? await Self.first(within: bound) { await look(check) } : nil
        return found
            ?? .failed(
                "no answer within the time for it", mend: ["try again; a busy machine or a slow network takes longer"],
                exitStatus: 75)
    }

    /// The result of `body`, or nil after the time limit. This does not wait for a `body` that cannot be cancelled.
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

    /// Passes on the first answer and ignores later ones.
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
