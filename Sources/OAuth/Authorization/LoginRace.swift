/// Runs three tasks of a login in parallel: one waits for the answer, one talks to the user, one waits for the
/// deadline.
enum LoginRace {
    /// Passes the first answer to `finish`, then cancels the tasks that still run. `presenting` may end earlier without
    /// effect.
    ///
    /// - Throws: errors of `awaiting`, `presenting` and `finish`; `authorizationTimedOut`; `CancellationError` if the
    ///   task is cancelled.
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
