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
            if errno != EINTR { return nil }
        }
    }

    /// Writes all `bytes`. Returns whether that succeeded; if not, errno(3) has the reason.
    package static func write(_ bytes: some Collection<UInt8>, to descriptor: CInt) -> Bool {
        var rest = Array(bytes)[...]
        while !rest.isEmpty {
            let count = unsafe rest.withUnsafeBytes { unsafe Glibc.write(descriptor, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { return false }
            rest = rest.dropFirst(count)
        }
        return true
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
