import Console
import Glibc
import Synchronization

/// The time limit after which a caller gets the answer that there is none, even if work is still going on.
///
/// That work normally ends with the process. But after a refresh token was sent it can no longer be used, and the new
/// one may only be late. Then the work gets a short grace period. A caller that reads our output to its end does not
/// wait for that; a caller that waits for the end of the process waits only briefly.
final class Deadline: Sendable {
    private let isDecided = Mutex(false)
    private let timer = Mutex<Task<Void, Never>?>(nil)

    /// Grace period for a refresh in flight. Added to the shortest limit, it is still acceptable for that limit's
    /// callers.
    private static let grace = Duration.seconds(3)

    /// - Parameters:
    ///   - limit: nil for no time limit.
    ///   - isBusy: whether the work must not be interrupted yet.
    ///   - missed: tells the caller. It gets the limit in seconds and returns the exit status.
    init(
        _ limit: Duration?, isBusy: @escaping @Sendable () -> Bool, missed: @escaping @Sendable (Int64) -> Int32
    ) {
        guard let limit else { return }
        // Concurrent, because the work may block its own thread.
        let task = Task { @concurrent [weak self] in
            do { try await Task.sleep(for: limit) } catch { return }
            guard let self, self.decide() else { return }
            let status = missed(limit.components.seconds)
            StandardOutput.end()
            let end = ContinuousClock.now + Self.grace
            while isBusy(), ContinuousClock.now < end { try? await Task.sleep(for: .milliseconds(10)) }
            _exit(status)
        }
        timer.withLock { $0 = task }
    }

    /// Call this when the answer is ready. Waits forever if the other answer is already being written.
    func isMet() {
        guard decide() else {
            while true { pause() }
        }
        timer.withLock { $0?.cancel() }
    }

    /// Returns true for the first caller only.
    private func decide() -> Bool {
        isDecided.withLock { decided in
            defer { decided = true }
            return !decided
        }
    }
}
