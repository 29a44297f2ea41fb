import CProcess
import Glibc
import Synchronization

/// Delays the signals that end the process (SIGINT, SIGTERM, SIGHUP) until something is finished that cannot be made good
/// afterwards: a refresh or a sign-in whose answer is not stored yet, a notification that only its own process can remove.
///
/// A second signal ends the process at once, and so do ``patience`` after the first one: the process never seems to hang.
/// Signals within ``oneAct`` count as one: git, timeout(1) and a closed terminal send the same signal twice for one act of
/// the user.
package enum HeldSignals {
    /// In nanoseconds.
    private static let oneAct: Int64 = 1_000_000_000
    /// When the first signal came, in nanoseconds since the machine started.
    private static let caughtAt = Atomic<Int64>(0)
    /// How long the first signal is delayed at most, in seconds.
    private static let patience: UInt32 = 5
    private static let numbers = [SIGINT, SIGTERM, SIGHUP]
    private static let caught = Atomic<Int32>(0)
    /// The number of bodies that run, and the actions before the first of them.
    private static let held = Mutex<(depth: Int, before: [(Int32, sigaction)])>((0, []))

    /// Whether such a signal came.
    package static var isCaught: Bool { caught.load(ordering: .relaxed) != 0 }

    /// Runs `body`, and then ends the process if a signal came meanwhile.
    package static func hold<Result, Failure: Error>(
        _ body: () async throws(Failure) -> Result
    ) async throws(Failure) -> Result {
        begin()
        defer { end() }
        return try await body()
    }

    /// The same for a caller that blocks.
    package static func hold<Result>(_ body: () -> Result) -> Result {
        begin()
        defer { end() }
        return body()
    }

    /// A time in which signals are delayed, for a body that learns only on its way when it begins.
    package final class Span: Sendable {
        private let isOn = Mutex(false)

        package init() {}

        /// Begins the delay. Does nothing if it has begun.
        package func begin() {
            let wasOn = isOn.withLock { isOn in
                defer { isOn = true }
                return isOn
            }
            if !wasOn { HeldSignals.begin() }
        }

        /// Ends the delay, and the process if a signal came meanwhile. Does nothing if it has not begun.
        package func end() {
            let wasOn = isOn.withLock { isOn in
                defer { isOn = false }
                return isOn
            }
            if wasOn { HeldSignals.end() }
        }
    }

    private static func begin() {
        held.withLock { held in
            held.depth += 1
            guard held.depth == 1 else { return }
            held.before = (numbers + [SIGALRM]).compactMap { number in catchSignal(number).map { (number, $0) } }
        }
    }

    private static func end() {
        held.withLock { held in
            held.depth -= 1
            guard held.depth == 0 else { return }
            letThemCome()
            for (number, action) in held.before {
                var action = action
                _ = unsafe sigaction(number, &action, nil)
            }
            guard isCaught else { return }
            // To the process, not to this thread: the threads that run tasks block signals.
            kill(getpid(), caught.load(ordering: .relaxed))
            while true { pause() }
        }
    }

    /// Waits until a thread has taken each signal that has come: a busy machine may not have run one that takes signals. Otherwise
    /// the process could end as if there had been no signal.
    private static func letThemCome() {
        var left = 1_000
        while left > 0 {
            var pending = sigset_t()
            guard unsafe sigpending(&pending) == 0,
                numbers.contains(where: { number in unsafe sigismember(&pending, number) == 1 })
            else { return }
            left -= 1
            usleep(1_000)
        }
    }

    /// Catches a signal. Returns its previous action, or nil if the signal was ignored: then it stays so.
    private static func catchSignal(_ number: Int32) -> sigaction? {
        var (ours, before) = (sigaction(), sigaction())
        unsafe ours.__sigaction_handler.sa_handler = { HeldSignals.came($0) }
        guard unsafe sigaction(number, &ours, &before) == 0 else { return nil }
        let (handler, ignore) = unsafe (before.__sigaction_handler.sa_handler, SIG_IGN)
        guard unsafe unsafeBitCast(handler, to: Int.self) == unsafeBitCast(ignore, to: Int.self) else { return before }
        _ = unsafe sigaction(number, &before, nil)
        return nil
    }

    /// Runs in the signal handler, so it calls nothing that is not safe there (signal-safety(7)).
    private static func came(_ number: Int32) {
        var time = timespec()
        _ = unsafe clock_gettime(CLOCK_MONOTONIC, &time)
        let now = Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
        _ = caughtAt.compareExchange(expected: 0, desired: now, ordering: .relaxed)
        let (isFirst, first) = caught.compareExchange(expected: 0, desired: number, ordering: .relaxed)
        if isFirst, number != SIGALRM {
            alarm(patience)
        } else if number == SIGALRM || now - caughtAt.load(ordering: .relaxed) > oneAct {
            let ending = first == 0 ? number : first
            _ = signal(ending, SIG_DFL)
            kill(getpid(), ending)
        }
    }
}
