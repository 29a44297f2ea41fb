import Glibc

/// Standard output, which belongs to the protocol: one answer, at the end.
package enum StandardOutput {
    /// Standard output does not take the answer.
    package struct Unwritable: Error {
        /// The errno(3) of the system call that failed.
        package let code: CInt
    }

    /// Whether the other end of standard output is closed.
    package static var isClosed: Bool {
        var output = pollfd(fd: STDOUT_FILENO, events: 0, revents: 0)
        return unsafe poll(&output, 1, 0) > 0 && output.revents & Int16(POLLERR | POLLHUP) != 0
    }

    /// Writes the whole answer.
    package static func write(_ bytes: [UInt8]) throws(Unwritable) {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = unsafe rest.withUnsafeBytes { unsafe Glibc.write(STDOUT_FILENO, $0.baseAddress, $0.count) }
            if count < 0 && errno == EINTR { continue }
            guard count > 0 else { throw Unwritable(code: count < 0 ? errno : EIO) }
            rest = rest.dropFirst(count)
        }
    }

    /// Closes standard output and standard error, so that a caller that reads to their end need not wait for the
    /// process.
    package static func end() {
        let nowhere = unsafe open("/dev/null", O_WRONLY | O_CLOEXEC)
        for descriptor in [STDOUT_FILENO, STDERR_FILENO] {
            if nowhere < 0 { close(descriptor) } else { dup2(nowhere, descriptor) }
        }
    }
}
