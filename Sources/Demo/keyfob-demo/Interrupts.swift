import Dispatch
import Glibc

/// The user pressed Ctrl-C, or another process sent a signal to end the demonstration.
struct Interrupted: Error {}

/// Turns signals into cancellation, so that everything is cleaned up in order.
enum Interrupts {
    /// Runs `body` and cancels it on SIGINT, SIGTERM or SIGHUP. Then throws ``Interrupted`` after `body` has ended.
    static func cancelling(_ body: @escaping @Sendable () async throws -> Void) async throws {
        // A closed output pipe must be an error that can be handled; the signal would end the program without a
        // cleanup.
        signal(SIGPIPE, SIG_IGN)
        let (signals, announce) = AsyncStream.makeStream(of: Void.self)
        let sources = [SIGINT, SIGTERM, SIGHUP].map { number in
            let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
            source.setEventHandler { announce.yield() }
            source.resume()
            return source
        }
        defer { for source in sources { source.cancel() } }
        try await withThrowingTaskGroup(of: Bool.self) { group in
            group.addTask {
                try await body()
                return false
            }
            group.addTask { await signals.first { _ in true } != nil }
            let wasInterrupted: Bool
            do {
                wasInterrupted = try await group.next() ?? false
            } catch {
                group.cancelAll()
                throw error
            }
            group.cancelAll()
            guard wasInterrupted else { return }
            // An error that the body throws now is only a result of the cancellation.
            while (try? await group.next()) != nil {}
            throw Interrupted()
        }
    }
}
