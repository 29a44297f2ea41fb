import Glibc

/// Reading from and writing to file descriptors.
package enum Descriptors {
    /// Reads once and returns the bytes that came, at most as many as `buffer` has; an empty slice at the end.
    ///
    /// - Returns: nil if reading failed; errno(3) then has the reason.
    package static func read(_ descriptor: CInt, _ buffer: inout [UInt8], upTo limit: Int = .max) -> ArraySlice<UInt8>?
    {
        while true {
            let count = unsafe Glibc.read(descriptor, &buffer, min(buffer.count, limit))
            if count >= 0 { return buffer[..<count] }
            guard isWorthWaiting(for: descriptor, POLLIN) else { return nil }
        }
    }

    /// Writes all `bytes`. Returns whether that succeeded; if not, errno(3) has the reason.
    package static func write(_ bytes: some Collection<UInt8>, to descriptor: CInt) -> Bool {
        var rest = Array(bytes)[...]
        while !rest.isEmpty {
            let count = unsafe rest.withUnsafeBytes { unsafe Glibc.write(descriptor, $0.baseAddress, $0.count) }
            if count < 0, isWorthWaiting(for: descriptor, POLLOUT) { continue }
            guard count > 0 else { return false }
            rest = rest.dropFirst(count)
        }
        return true
    }

    /// Says why standard output does not take an answer. Returns nil if no process reads it any more: that process has
    /// ended or has closed its end, and waits for no words.
    ///
    /// - Parameter code: the errno(3) of write(2).
    package static func words(forUnwritten code: CInt) -> String? {
        code == EPIPE ? nil : "cannot write the answer to standard output: " + FileError.text(of: code)
    }

    /// After a call that failed: whether to repeat it. If the descriptor does not block and is not ready (`O_NONBLOCK`,
    /// open(2)), this waits until it is.
    private static func isWorthWaiting(for descriptor: CInt, _ events: CInt) -> Bool {
        if errno == EINTR { return true }
        guard errno == EAGAIN else { return false }
        var waiting = pollfd(fd: descriptor, events: Int16(events), revents: 0)
        return unsafe poll(&waiting, 1, -1) >= 0 || errno == EINTR
    }

    /// Opens the standard descriptors that are closed, so that no file or socket of this process gets their numbers.
    /// Reading from them gives the end, and writing to them fails, as before.
    package static func reserveStandard() {
        for descriptor in STDIN_FILENO...STDERR_FILENO where fcntl(descriptor, F_GETFD) < 0 {
            // The kernel gives out the lowest free number: this one.
            _ = unsafe open("/dev/null", O_RDONLY)
        }
    }

    /// The most bytes that ``pipe(holding:)`` takes: the largest pipe of an ordinary user (pipe(7),
    /// /proc/sys/fs/pipe-max-size).
    package static let largestPipe = 1_048_576

    /// Returns the reading end of a pipe that holds all `bytes`, so that no process has to write while another one reads.
    /// A program that replaces this one inherits it. Returns nil if the system provides no such pipe.
    package static func pipe(holding bytes: [UInt8]) -> CInt? {
        var ends: [CInt] = [-1, -1]
        guard bytes.count <= largestPipe, unsafe Glibc.pipe(&ends) == 0 else { return nil }
        defer { close(ends[1]) }
        let ordinarySize = 65_536  // pipe(7)
        if bytes.count > ordinarySize {
            let setPipeSize: CInt = 1031  // F_SETPIPE_SZ: the C module defines it only for _GNU_SOURCE
            guard fcntl(ends[1], setPipeSize, CInt(largestPipe)) >= bytes.count else {
                close(ends[0])
                return nil
            }
        }
        guard unsafe Glibc.write(ends[1], bytes, bytes.count) == bytes.count else {
            close(ends[0])
            return nil
        }
        return ends[0]
    }
}
