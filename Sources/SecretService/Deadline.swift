import CLibraries
import Glibc
import Synchronization

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

    /// Whether the time is for the user to answer, and not for the program.
    private(set) var isForUser = false

    /// False if the system could not create the thread. Then only the limits of the bus apply.
    private var isRunning = false

    init(_ limit: Duration) {
        let cancellable = unsafe Owned(g_cancellable_new())
        plan = unsafe Plan(limit: limit.milliseconds, cancellable: UInt(bitPattern: cancellable.opaque))
        self.cancellable = cancellable
        self.limit = limit
        startThread()
    }

    /// The limit for GIO, in milliseconds: a little later than the deadline, in case the thread does not run.
    var busTimeout: Int32 { limit.milliseconds &+ 1_000 }

    /// Restarts the deadline from now with another limit.
    ///
    /// - Parameters:
    ///   - isForUser: whether the user may have to answer first.
    ///   - notice: called by another thread after a moment, if the deadline has not been restarted or ended by then.
    func restart(_ limit: Duration, isForUser: Bool = false, notice: (@Sendable () -> Void)? = nil) {
        (self.limit, self.isForUser) = (limit, isForUser)
        plan.become(.init(limit: limit.milliseconds, notice: notice))
    }

    /// Ends the thread. Must be called once, after the last call has returned.
    func end() {
        guard isRunning else { return }
        plan.become(nil)
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
    struct Step: Sendable {
        let limit: Int32
        let notice: (@Sendable () -> Void)?
    }

    /// How long an answer may take before the user is told, in milliseconds: an unlocked KWallet answers its prompt by
    /// itself in 30.
    private static let moment: Int32 = 400

    /// An eventfd(2), written after each change of `step`.
    private let messages = eventfd(0, Int32(EFD_CLOEXEC))

    /// Nil at the end.
    private let step: Mutex<Step?>

    /// A GCancellable, which any thread may cancel. It is stored as a number, because the type of a pointer is not
    /// Sendable.
    private let cancellable: UInt

    init(limit: Int32, cancellable: UInt) {
        step = Mutex(Step(limit: limit, notice: nil))
        self.cancellable = cancellable
    }

    deinit { close(messages) }

    func become(_ next: Step?) {
        step.withLock { $0 = next }
        eventfd_write(messages, 1)
    }

    func wait() {
        while let step = step.withLock({ $0 }) {
            var rest = step.limit
            if let notice = step.notice, rest > Self.moment {
                if changes(within: Self.moment) { continue }
                notice()
                rest -= Self.moment
            }
            if changes(within: rest) { continue }
            unsafe g_cancellable_cancel(OpaquePointer(bitPattern: cancellable))
            return
        }
    }

    /// Waits for the next change of `step`. Returns whether there was one in time.
    private func changes(within milliseconds: Int32) -> Bool {
        var request = pollfd(fd: messages, events: Int16(POLLIN), revents: 0)
        guard unsafe poll(&request, 1, milliseconds) > 0 else { return false }
        var count: eventfd_t = 0
        unsafe eventfd_read(messages, &count)
        return true
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
