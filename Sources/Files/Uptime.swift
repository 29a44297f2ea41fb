import Glibc

/// A clock that never goes back, for time limits in the doors: `ContinuousClock` would link the runtime of Swift's
/// concurrency, which makes system calls at each start.
package enum Uptime {
    /// Milliseconds since the machine was started, without the time in which it slept.
    package static var milliseconds: Int64 {
        var time = timespec()
        _ = unsafe clock_gettime(CLOCK_MONOTONIC, &time)
        return Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000
    }
}
