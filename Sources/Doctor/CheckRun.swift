import Synchronization

/// Runs checks within a time limit. Checks that do not depend on one another run at the same time.
package struct CheckRun: Sendable {
    /// The time limit of a run without a refresh.
    package static let deadline = Duration.seconds(10)
    /// The time limit of a run with a refresh. A cancelled refresh could lose the server's response.
    package static let deadlineWithRefresh = Duration.seconds(120)

    let checks: [any Check]
    let deadline: Duration
    let limit: @Sendable (any Check) -> Duration
    let look: @Sendable (any Check) async -> Finding

    /// - Parameters:
    ///   - checks: in the order of the report; the checks that a check needs come before it, or are left out.
    ///   - limit: the time limit of a check.
    ///   - look: runs one check. After its time limit the run ignores its result, but the check continues.
    package init(
        _ checks: [any Check], deadline: Duration = Self.deadline,
        limit: @escaping @Sendable (any Check) -> Duration = { $0.limit },
        look: @escaping @Sendable (any Check) async -> Finding
    ) {
        (self.checks, self.deadline, self.limit, self.look) = (checks, deadline, limit, look)
    }

    /// The id of a check and its finding.
    package typealias Result = (id: String, finding: Finding)

    /// - Returns: a result for each check, in their order.
    package func run() async -> [Result] {
        let end = ContinuousClock.now + deadline
        var looks: [String: Task<Finding, Never>] = [:]
        for check in checks {
            let needed = check.needs.compactMap { need in looks[need].map { (need, $0) } }
            let followed = check.follows.compactMap { looks[$0] }
            looks[check.id] = Task {
                for (need, found) in needed {
                    if let skipped = await Self.skipped(because: need, found.value) { return skipped }
                }
                for found in followed { _ = await found.value }
                return await finding(check, until: end)
            }
        }
        var results: [Result] = []
        for check in checks {
            if let finding = await looks[check.id]?.value { results.append((check.id, finding)) }
        }
        return results
    }

    /// The finding of a check that needs the check `need`, or nil if `finding` does not prevent the check.
    static func skipped(because need: String, _ finding: Finding) -> Finding? {
        switch finding.status {
        case .ok, .warning: return nil
        case .failed: return .skipped(because: need, "not checked, because \(need) failed")
        case .skipped: return .skipped(because: finding.because ?? need, finding.summary)
        }
    }

    /// The exit status of the run: that of the first failed check in the order of the report, or 0 if none has failed.
    package static func exitStatus(of results: [Result]) -> Int32 {
        results.first { $0.finding.status == .failed }?.finding.exitStatus ?? 0
    }

    private func finding(_ check: any Check, until end: ContinuousClock.Instant) async -> Finding {
        let limit = min(limit(check), ContinuousClock.now.duration(to: end))
        let found = limit > .zero ? await Self.first(within: limit) { await look(check) } : nil
        return found
            ?? .failed(
                "did not finish within its time limit",
                hints: ["try again; a busy machine or a slow network takes longer"], exitStatus: 75)
    }

    /// The result of `body`, or nil after the time limit. This does not wait for a `body` that cannot be cancelled.
    private static func first(
        within limit: Duration, _ body: @escaping @Sendable () async -> Finding
    ) async -> Finding? {
        await withCheckedContinuation { continuation in
            let answer = Answer(continuation)
            let clock = Task {
                try? await Task.sleep(for: limit)
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
