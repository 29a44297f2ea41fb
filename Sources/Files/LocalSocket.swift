import Glibc

/// Sockets between processes of one machine (unix(7)).
package enum LocalSocket {
    /// The longest path in bytes: `sun_path` without its final NUL.
    package static let longestPath = 107

    /// Connects to the socket at `path`.
    ///
    /// - Parameter patience: the time limit in seconds for the connection, and for each later read and write.
    /// - Returns: the descriptor.
    /// - Throws: ``FileError`` with the errno of connect(2): `ECONNREFUSED` if no process listens any more.
    package static func connect(_ path: String, within patience: Int) throws(FileError) -> CInt {
        let descriptor = try make(path)
        var limit = timeval(tv_sec: patience, tv_usec: 0)
        let size = socklen_t(MemoryLayout<timeval>.size)
        _ = unsafe setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &limit, size)
        _ = unsafe setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, size)
        guard unsafe withAddress(path, { unsafe Glibc.connect(descriptor, $0, $1) }) == 0 else {
            throw closing(descriptor, path)
        }
        return descriptor
    }

    /// Listens on a new socket at `path`. It takes the place of a socket that a process left there, in one step: whoever finds
    /// it can connect.
    ///
    /// - Parameter mode: the permission bits. Only users who may write to the socket can connect.
    package static func listen(_ path: String, mode: UInt32) throws(FileError) -> CInt {
        let new = path + "~"
        let descriptor = try make(new)
        _ = unsafe unlink(new)
        // Nobody else may connect before chmod(2).
        let mask = umask(0o177)
        let isBound = unsafe withAddress(new) { unsafe bind(descriptor, $0, $1) } == 0
        umask(mask)
        guard isBound, unsafe chmod(new, mode) == 0, Glibc.listen(descriptor, 128) == 0,
            fcntl(descriptor, F_SETFL, O_NONBLOCK) == 0, unsafe rename(new, path) == 0
        else { throw closing(descriptor, path) }
        return descriptor
    }

    /// Takes the next connection; nil if there is none.
    package static func accept(_ listener: CInt) -> CInt? {
        let descriptor = Glibc.accept(listener, nil, nil)
        guard descriptor >= 0 else { return nil }
        _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
        return descriptor
    }

    /// The user at the other end: who connected, or who listens. Nil if the kernel does not say.
    package static func user(of descriptor: CInt) -> UInt32? {
        var facts: [UInt32] = [0, 0, 0]  // struct ucred: process, user, group
        var size = socklen_t(12)
        let peerCredentials: CInt = 17  // SO_PEERCRED: the C module defines struct ucred only for _GNU_SOURCE
        guard unsafe getsockopt(descriptor, SOL_SOCKET, peerCredentials, &facts, &size) == 0, size == 12 else {
            return nil
        }
        return facts[1]
    }

    /// Reads the bytes that are there, at most as many as `buffer` has. Does not wait.
    ///
    /// - Returns: an empty slice at the end; nil if there is nothing yet, or if reading failed.
    package static func receive(_ descriptor: CInt, _ buffer: inout [UInt8]) -> ArraySlice<UInt8>? {
        let count = unsafe recv(descriptor, &buffer, buffer.count, CInt(MSG_DONTWAIT))
        return count >= 0 ? buffer[..<count] : nil
    }

    /// Writes as many bytes as the other end takes now.
    ///
    /// - Returns: the number of bytes, 0 if it takes none now; nil if it takes no more.
    package static func send(_ bytes: ArraySlice<UInt8>, to descriptor: CInt) -> Int? {
        let flags = CInt(MSG_DONTWAIT) | CInt(MSG_NOSIGNAL)
        let count = unsafe bytes.withUnsafeBytes { unsafe Glibc.send(descriptor, $0.baseAddress, $0.count, flags) }
        if count >= 0 { return count }
        return errno == EAGAIN || errno == EINTR ? 0 : nil
    }

    private static func make(_ path: String) throws(FileError) -> CInt {
        guard path.utf8.count <= longestPath, !path.isEmpty else { throw FileError(path, .system(ENAMETOOLONG)) }
        let descriptor = socket(AF_UNIX, CInt(SOCK_STREAM.rawValue), 0)
        guard descriptor >= 0 else { throw .last(path) }
        _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
        return descriptor
    }

    private static func closing(_ descriptor: CInt, _ path: String) -> FileError {
        let error = FileError.last(path)
        close(descriptor)
        return error
    }

    private static func withAddress(_ path: String, _ body: (UnsafePointer<sockaddr>, socklen_t) -> CInt) -> CInt {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        unsafe withUnsafeMutableBytes(of: &address.sun_path) { place in
            for (index, byte) in path.utf8.enumerated() { unsafe place[index] = byte }
        }
        return unsafe withUnsafePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                unsafe body($0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
    }
}

/// Waiting for several descriptors at once (poll(2)).
package enum Readiness {
    /// What to wait for at one descriptor.
    package struct Wish: Sendable, Equatable {
        package enum Kind: Sendable { case reading, writing, end }

        package var descriptor: CInt
        package var kind: Kind

        /// - Parameters:
        ///   - descriptor: a negative one is never ready.
        ///   - kind: `end` waits only until the other end has closed the connection.
        package init(_ descriptor: CInt, _ kind: Kind = .reading) {
            (self.descriptor, self.kind) = (descriptor, kind)
        }

        fileprivate var events: Int16 {
            switch kind {
            case .reading: Int16(POLLIN)
            case .writing: Int16(POLLOUT)
            case .end: 0
            }
        }
    }

    /// What poll(2) says about one descriptor.
    package struct Answer: Sendable, Equatable {
        /// Reading or writing does not wait now. So it is also at the end of a stream.
        package var isReady: Bool
        /// The other end has closed the connection in both directions.
        package var isGone: Bool
    }

    /// Waits until one of the descriptors is ready.
    ///
    /// - Parameter milliseconds: the time limit.
    /// - Returns: the answer to each wish, in order. Nothing is ready if the time has passed or a signal has come.
    package static func wait(for wishes: [Wish], _ milliseconds: CInt) -> [Answer] {
        var requests = wishes.map { pollfd(fd: $0.descriptor, events: $0.events, revents: 0) }
        let count = unsafe poll(&requests, nfds_t(requests.count), milliseconds)
        guard count > 0 else { return wishes.map { _ in Answer(isReady: false, isGone: false) } }
        return requests.map { request in
            let events = CInt(request.revents)
            return Answer(isReady: events != 0, isGone: events & (POLLHUP | POLLERR | POLLNVAL) != 0)
        }
    }
}
