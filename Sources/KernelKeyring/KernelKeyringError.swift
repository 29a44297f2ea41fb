import Glibc

/// The reason why the kernel did not store a key.
package enum KernelKeyringError: Error, Sendable, Equatable {
    /// The process has no key retention service: a seccomp filter blocks it (EPERM, as in Docker), or the kernel is
    /// built without it (ENOSYS). The caller stores its tokens elsewhere.
    case unavailable(errno: Int32)

    /// The user's quota of keys or bytes is exhausted (EDQUOT; /proc/sys/kernel/keys/maxkeys and maxbytes).
    case quotaExceeded

    /// The system call `operation` failed for another reason.
    case failed(operation: String, errno: Int32)

    /// Maps the errno of the failed system call `operation`.
    init(operation: String, errno code: Int32) {
        switch code {
        case EDQUOT: self = .quotaExceeded
        case EPERM, ENOSYS: self = .unavailable(errno: code)
        default: self = .failed(operation: operation, errno: code)
        }
    }
}
