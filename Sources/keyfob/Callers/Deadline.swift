import Glibc
import Synchronization

/// The time after which a caller is told that there is no answer, whatever is still going on.
///
/// What is going on then ends with the process. That costs no sign-in: a refresh in flight is one of the crashes that
/// keyfob is made for.
final class Deadline: Sendable {
    private let isDecided = Mutex(false)
    private let timer = Mutex<Task<Void, Never>?>(nil)

    /// - Parameters:
    ///   - limit: nil for no deadline.
    ///   - missed: told the seconds of the limit; does not return.
    init(_ limit: Duration?, missed: @escaping @Sendable (Int64) -> Never) {
        guard let limit else { return }
        // Not where the work is done: that may block its thread.
        let task = Task { @concurrent [weak self] in
            do { try await Task.sleep(for: limit) } catch { return }
            if let self, self.decide() { missed(limit.components.seconds) }
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
