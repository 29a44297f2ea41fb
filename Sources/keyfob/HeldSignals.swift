import Glibc
import Synchronization

/// Holds back the signals that end a process for as long as something of ours is on the person's screen, which would stay
/// there and answer nobody: long enough to take it away.
enum HeldSignals {
    private static let caught = Atomic<Int32>(0)

    /// Whether there was one.
    static var isCaught: Bool { caught.load(ordering: .relaxed) != 0 }

    /// Runs `body`, and ends the process afterwards if a signal has come meanwhile.
    static func hold<Result>(_ body: () async throws -> Result) async rethrows -> Result {
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

    /// Ends the process by the signal that was caught. To the process, for the threads that tasks run on take no signals.
    private static func end() -> Never {
        kill(getpid(), caught.load(ordering: .relaxed))
        while true { pause() }
    }

    /// What was done about the signal before; nil where it is ignored, which it stays.
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
