import Glibc
import Synchronization

/// Delays the signals that end the process while a notification is on the screen, so that the process can remove it
/// first. An answer to a notification has no effect after its process has ended.
package enum HeldSignals {
    private static let caught = Atomic<Int32>(0)

    /// Whether such a signal came.
    package static var isCaught: Bool { caught.load(ordering: .relaxed) != 0 }

    /// Runs `body`, and then ends the process if a signal came meanwhile.
    package static func hold<Result>(_ body: () async throws -> Result) async rethrows -> Result {
        let before = [SIGINT, SIGTERM, SIGHUP].map { ($0, hold($0)) }
        defer {
            for (number, action) in before {
                guard var action else { continue }
                _ = unsafe sigaction(number, &action, nil)
            }
            if isCaught { end() }
        }
        return try await body()
    }

    /// Ends the process by the caught signal. Sends it to the process: the threads that run tasks block signals.
    private static func end() -> Never {
        kill(getpid(), caught.load(ordering: .relaxed))
        while true { pause() }
    }

    /// Catches a signal. Returns its previous action, or nil if the signal was ignored: then it stays so.
    private static func hold(_ number: Int32) -> sigaction? {
        var (ours, before) = (sigaction(), sigaction())
        unsafe ours.__sigaction_handler.sa_handler = { HeldSignals.caught.store($0, ordering: .relaxed) }
        guard unsafe sigaction(number, &ours, &before) == 0 else { return nil }
        let (handler, ignore) = unsafe (before.__sigaction_handler.sa_handler, SIG_IGN)
        guard unsafe unsafeBitCast(handler, to: Int.self) == unsafeBitCast(ignore, to: Int.self) else { return before }
        _ = unsafe sigaction(number, &before, nil)
        return nil
    }
}
