import Console
import Glibc
import Synchronization

/// The time after which a caller is told that there is no answer, whatever is still going on.
///
/// What is going on then ends with the process; but where it had better not, it is given a little time. A refresh token that
/// has been sent is worth nothing any more, and the one that comes for it may only be late. Who reads our output to its end
/// does not wait for that, and who waits for the end of the process not for long.
final class Deadline: Sendable {
    private let isDecided = Mutex(false)
    private let timer = Mutex<Task<Void, Never>?>(nil)

    /// How long what had better not end is waited for: with it the shortest deadline is still within what its callers bear.
    private static let grace = Duration.seconds(3)

    /// - Parameters:
    ///   - limit: nil for no deadline.
    ///   - isBusy: whether what is going on had better not end yet.
    ///   - missed: tells the caller; knows the seconds of the limit, and returns the exit status.
    init(
        _ limit: Duration?, isBusy: @escaping @Sendable () -> Bool, missed: @escaping @Sendable (Int64) -> Int32
    ) {
        guard let limit else { return }
        // Not where the work is done: that may block its thread.
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

    /// There is an answer. Waits for ever where the other one is being written.
    func isMet() {
        guard decide() else {
            while true { pause() }
        }
        timer.withLock { $0?.cancel() }
    }

    /// Whether nobody has decided before.
    private func decide() -> Bool {
        isDecided.withLock { decided in
            defer { decided = true }
            return !decided
        }
    }
}
