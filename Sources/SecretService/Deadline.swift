import CLibsecret
import Glibc

/// Cancels a GCancellable when its limit has passed.
///
/// libsecret's blocking calls wait for ever on a service that owns its name and does not answer, or for 25 seconds per
/// D-Bus call at best. All of them can be cancelled from another thread, and this is that thread: it starts with the
/// deadline, waits, and is joined by ``end()``.
final class Deadline {
    /// A GCancellable.
    let cancellable: Owned

    /// The time from the start, or from the last ``restart(_:)``, to the cancellation.
    private(set) var limit: Duration

    private let plan: Plan
    private var thread = pthread_t()

    /// False where the system has no thread left: then only the bus's own limits hold.
    private var isRunning = false

    init(_ limit: Duration) {
        let cancellable = unsafe Owned(g_cancellable_new())
        let pointer: UnsafeMutablePointer<GCancellable> = unsafe cancellable.pointer()
        plan = Plan(milliseconds: limit.milliseconds, cancellable: UInt(bitPattern: pointer))
        self.cancellable = cancellable
        self.limit = limit
        startThread()
    }

    /// Counts from now on, and to another limit.
    func restart(_ limit: Duration) {
        self.limit = limit
        eventfd_write(plan.messages, UInt64(limit.milliseconds))
    }

    /// To be called once, when the last call has returned.
    func end() {
        guard isRunning else { return }
        eventfd_write(plan.messages, Plan.end)
        pthread_join(thread, nil)
    }

    private func startThread() {
        // The plan outlives the thread, which is joined before the deadline goes.
        let argument = unsafe Unmanaged.passUnretained(plan).toOpaque()
        // Signals are the main thread's; with none of them delivered there, poll(2) is not interrupted.
        var all = sigset_t()
        var before = sigset_t()
        unsafe sigfillset(&all)
        unsafe pthread_sigmask(SIG_SETMASK, &all, &before)
        let failure = unsafe pthread_create(
            &thread, nil,
            { argument in
                if let argument = unsafe argument {
                    unsafe Unmanaged<Plan>.fromOpaque(argument).takeUnretainedValue().wait()
                }
                return nil
            }, argument)
        isRunning = failure == 0
        unsafe pthread_sigmask(SIG_SETMASK, &before, nil)
    }
}

/// What the thread of a ``Deadline`` knows and does.
private final class Plan: Sendable {
    /// The message that ends the thread. Lesser numbers are new limits in milliseconds.
    static let end: UInt64 = 1 << 32

    /// An eventfd(2).
    let messages = eventfd(0, Int32(EFD_CLOEXEC))
    let milliseconds: Int32

    /// A GCancellable, which may be cancelled from any thread: as a number, because a pointer's type cannot say so.
    let cancellable: UInt

    init(milliseconds: Int32, cancellable: UInt) {
        self.milliseconds = milliseconds
        self.cancellable = cancellable
    }

    deinit { close(messages) }

    func wait() {
        var limit = milliseconds
        while true {
            var request = pollfd(fd: messages, events: Int16(POLLIN), revents: 0)
            guard unsafe poll(&request, 1, limit) > 0 else { break }
            var message: eventfd_t = 0
            unsafe eventfd_read(messages, &message)
            if message >= Self.end { return }
            limit = Int32(clamping: message)
        }
        unsafe g_cancellable_cancel(UnsafeMutablePointer(bitPattern: cancellable))
    }
}

extension Duration {
    /// Rounded up, so that a deadline is never early; at most 24 days.
    var milliseconds: Int32 {
        let (seconds, attoseconds) = components
        let part = (attoseconds + 999_999_999_999_999) / 1_000_000_000_000_000
        return Int32(clamping: min(max(seconds, 0), Int64(Int32.max)) * 1000 + part)
    }

    /// Rounded up.
    var wholeSeconds: Int { (Int(milliseconds) + 999) / 1000 }
}
