import Glibc

/// Signals with which the kernel would end this process at a write, although write(2) also returns an error.
package enum BlockedSignal {
    /// Blocks the signal in this thread while `body` runs, and then discards it. Child processes would inherit it if the
    /// process ignored it. errno(3) stays that of `body`.
    package static func during<Result>(_ number: CInt, _ body: () -> Result) -> Result {
        var (signals, before, now) = (sigset_t(), sigset_t(), timespec())
        unsafe sigemptyset(&signals)
        unsafe sigaddset(&signals, number)
        unsafe pthread_sigmask(SIG_BLOCK, &signals, &before)
        let result = body()
        let code = errno
        _ = unsafe sigtimedwait(&signals, nil, &now)
        unsafe pthread_sigmask(SIG_SETMASK, &before, nil)
        errno = code
        return result
    }
}
