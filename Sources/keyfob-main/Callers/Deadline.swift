import CredentialProtocol
import Synchronization

/// The maximum time for a reply.
enum Deadline {
    /// Returns the reply of `work`, or the late reply if `work` takes longer than the limit. `work` then goes on.
    ///
    /// - Parameters:
    ///   - limit: nil for no limit.
    ///   - late: makes the late reply from the limit in seconds.
    static func reply(
        within limit: Duration?, late: @escaping @Sendable (Int64) -> Reply,
        _ work: @escaping @Sendable () async -> Reply
    ) async -> Reply {
        guard let limit else { return await work() }
        return await withCheckedContinuation { continuation in
            let first = FirstReply(continuation)
            // On another thread than the work, which may block its thread.
            let timer = Task { @MainActor in
                do { try await Task.sleep(for: limit) } catch { return }
                first.take(late(limit.components.seconds))
            }
            Task { @concurrent in
                let reply = await work()
                timer.cancel()
                first.take(reply)
            }
        }
    }
}

/// Passes on the first reply and drops the second.
private final class FirstReply: Sendable {
    private let waiting: Mutex<CheckedContinuation<Reply, Never>?>

    init(_ continuation: CheckedContinuation<Reply, Never>) { waiting = Mutex(continuation) }

    func take(_ reply: Reply) {
        let continuation = waiting.withLock { waiting in
            defer { waiting = nil }
            return waiting
        }
        continuation?.resume(returning: reply)
    }
}
