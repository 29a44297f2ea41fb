// A release build has this target too, but not the module Testing.
#if canImport(Testing)
import Synchronization
package import Testing

/// Counts each case of a test. A case has passed if no issue was recorded in it.
///
/// ```swift
/// @Test(.counted(.hostileServers), arguments: table)
/// @Test(.counted(.hostileServers, each: addresses.count))  // a case that goes through all of them
/// ```
package struct CountedTrait: TestTrait, SuiteTrait, TestScoping {
    let kind: Counts.Kind
    /// The number of attempts in each case; they all pass or all fail together.
    let attempts: Int

    package var isRecursive: Bool { true }

    package func provideScope(
        for test: Test, testCase: Test.Case?, performing function: @concurrent @Sendable () async throws -> Void
    ) async throws {
        guard testCase != nil else { return try await function() }
        let hasIssue = Mutex(false)
        let watching = IssueHandlingTrait.compactMapIssues { issue in
            hasIssue.withLock { $0 = true }
            return issue
        }
        defer {
            let passed = hasIssue.withLock { $0 } ? 0 : attempts
            Counts.add(kind, test.displayName ?? test.name, tried: attempts, passed: passed)
        }
        do {
            try await watching.provideScope(for: test, testCase: testCase, performing: function)
        } catch {
            hasIssue.withLock { $0 = true }
            throw error
        }
    }
}

extension Trait where Self == CountedTrait {
    /// Counts each case of the test, see ``CountedTrait``.
    package static func counted(_ kind: Counts.Kind, each attempts: Int = 1) -> Self {
        Self(kind: kind, attempts: attempts)
    }
}
#endif
