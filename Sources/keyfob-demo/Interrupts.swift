import Dispatch
import Glibc

/// A person pressed Ctrl-C, or somebody asked us to end.
struct Interrupted: Error {}

/// Turns signals into cancellation, so that everything is taken apart in order.
enum Interrupts {
    /// Runs `body`, and cancels it on SIGINT, SIGTERM or SIGHUP; then throws ``Interrupted`` once it has ended.
    static func cancelling(_ body: @escaping @Sendable () async throws -> Void) async throws {
        // A closed pipe on our output is an error to be handled, not an end without cleaning up.
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
            // What the body throws on its way out is only the echo of the cancellation.
            while (try? await group.next()) != nil {}
            throw Interrupted()
        }
    }
}
