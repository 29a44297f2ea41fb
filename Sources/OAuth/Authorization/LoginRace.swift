/// A login's three runners: what awaits the answer, what talks to the person beside it, and the deadline.
enum LoginRace {
    /// Hands the first answer to `finish`; whatever still runs is cancelled after that.
    ///
    /// `presenting` may end early, which decides nothing. Throws what `awaiting`, `presenting` or `finish` throw,
    /// `authorizationTimedOut`, or `CancellationError` where the task is cancelled.
    static func run<Answer: Sendable, Value: Sendable>(
        until deadline: ContinuousClock.Instant, of limit: Duration,
        awaiting: @escaping @Sendable () async throws -> Answer,
        presenting: @escaping @Sendable () async throws -> Void,
        finish: (Answer) async throws -> Value
    ) async throws -> Value {
        try await withThrowingTaskGroup(of: Answer?.self) { group in
            group.addTask { try await awaiting() }
            group.addTask {
                try await Task.sleep(until: deadline, clock: .continuous)
                throw OAuthError.authorizationTimedOut(seconds: Int(limit.components.seconds))
            }
            group.addTask {
                try await presenting()
                return nil
            }
            defer { group.cancelAll() }
            while let answer = try await group.next() {
                if let answer { return try await finish(answer) }
            }
            throw OAuthError.cancelled
        }
    }
}
