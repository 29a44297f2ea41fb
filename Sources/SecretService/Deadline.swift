import CGIO
import CLibsecret
import Glibc

/// Cancels a GCancellable when its time limit has passed.
///
/// libsecret's blocking calls wait forever if the keyring owns its bus name but does not answer, or at best 25 seconds
/// for each D-Bus call. All of them can be cancelled from another thread. This class starts that thread, which waits
/// until ``end()`` joins it.
final class Deadline {
    /// A GCancellable.
    let cancellable: Owned

    /// The time from the start, or from the last ``restart(_:)``, until the call is cancelled.
    private(set) var limit: Duration

    private let plan: Plan
    private var thread = pthread_t()

    /// False if the system could not create the thread. Then only the limits of the bus apply.
    private var isRunning = false

    init(_ limit: Duration) {
        let cancellable = unsafe Owned(g_cancellable_new())
        let pointer: UnsafeMutablePointer<GCancellable> = unsafe cancellable.pointer()
        plan = Plan(milliseconds: limit.milliseconds, cancellable: UInt(bitPattern: pointer))
        self.cancellable = cancellable
        self.limit = limit
        startThread()
    }

    /// Restarts the deadline from now with another limit.
    func restart(_ limit: Duration) {
        self.limit = limit
        eventfd_write(plan.messages, UInt64(limit.milliseconds))
    }

    /// Ends the thread. Must be called once, after the last call has returned.
    func end() {
        guard isRunning else { return }
        eventfd_write(plan.messages, Plan.end)
        pthread_join(thread, nil)
    }

    private func startThread() {
        // `plan` outlives the thread, because `end()` joins the thread first.
        let argument = unsafe Unmanaged.passUnretained(plan).toOpaque()
        // The thread blocks all signals, so they go to other threads and do not interrupt its poll(2).
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

/// The data and the body of the thread of a ``Deadline``.
private final class Plan: Sendable {
    /// The message that ends the thread. Smaller numbers are new limits in milliseconds.
    static let end: UInt64 = 1 << 32

    /// An eventfd(2).
    let messages = eventfd(0, Int32(EFD_CLOEXEC))
    let milliseconds: Int32

    /// A GCancellable, which any thread may cancel. It is stored as a number, because the type of a pointer is not
    /// Sendable.
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
    /// Rounded up, so that a deadline is never early. At most 24 days.
    var milliseconds: Int32 {
        let (seconds, attoseconds) = components
        let part = (attoseconds + 999_999_999_999_999) / 1_000_000_000_000_000
        return Int32(clamping: min(max(seconds, 0), Int64(Int32.max)) * 1000 + part)
    }

    /// Rounded up.
    var wholeSeconds: Int { (Int(milliseconds) + 999) / 1000 }
}
