import Glibc

/// Why the kernel did not keep a key.
package enum KernelKeyringError: Error, Sendable, Equatable {
    /// No key retention service for this process: a seccomp filter (EPERM, as in Docker) or a kernel built without it
    /// (ENOSYS). The caller keeps its tokens elsewhere.
    case unavailable(errno: Int32)

    /// The user's quota of keys or bytes is used up (EDQUOT; /proc/sys/kernel/keys/maxkeys and maxbytes).
    case quotaExceeded

    /// Any other refusal of the system call `operation`.
    case failed(operation: String, errno: Int32)

    /// What the errno of the failed system call `operation` means.
    init(operation: String, errno code: Int32) {
        switch code {
        case EDQUOT: self = .quotaExceeded
        case EPERM, ENOSYS: self = .unavailable(errno: code)
        default: self = .failed(operation: operation, errno: code)
        }
    }
}
