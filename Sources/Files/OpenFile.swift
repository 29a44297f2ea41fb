import Glibc

/// An open file or directory. It is closed when the last reference to it ends.
package final class OpenFile: Sendable {
    /// The path that the caller named.
    package let path: String
    package let descriptor: CInt

    private init(path: String, descriptor: CInt) throws(FileError) {
        guard descriptor >= 0 else { throw .last(path) }
        (self.path, self.descriptor) = (path, descriptor)
    }

    deinit { close(descriptor) }

    /// Opens `path` for reading. A pipe is opened without waiting for its other end.
    ///
    /// - Parameter followsLink: whether a symbolic link may stand for its target. If not, a link is an error (`ELOOP`).
    package convenience init(reading path: String, followsLink: Bool = true) throws(FileError) {
        let flags = O_RDONLY | O_NONBLOCK | (followsLink ? 0 : O_NOFOLLOW)
        try self.init(path: path, descriptor: unsafe open(path, flags | Self.always))
    }

    /// Opens a directory.
    package convenience init(directory path: String, followsLink: Bool = true) throws(FileError) {
        let flags = O_RDONLY | O_DIRECTORY | (followsLink ? 0 : O_NOFOLLOW)
        try self.init(path: path, descriptor: unsafe open(path, flags | Self.always))
    }

    /// Makes the file `path`, with mode 0600. If the name exists already, even as a link, that is an error (`EEXIST`).
    package convenience init(making path: String) throws(FileError) {
        try self.init(path: path, descriptor: unsafe open(path, Self.making, 0o600))
    }

    /// Opens `path` to append to it. Makes the file, with mode 0600, if there is none. Never follows a symbolic link.
    package convenience init(appendingTo path: String) throws(FileError) {
        let flags = O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW | O_NONBLOCK
        try self.init(path: path, descriptor: unsafe open(path, flags | Self.always, 0o600))
    }

    /// Makes the file `name`, with mode 0600, in this directory. If the name exists already, that is an error.
    package func making(_ name: String) throws(FileError) -> OpenFile {
        try OpenFile(path: path + "/" + name, descriptor: unsafe openat(descriptor, name, Self.making, 0o600))
    }

    /// Opens the file `name` in this directory for reading and writing. Makes it, with mode 0600, if there is none. Never
    /// follows a symbolic link.
    package func changing(_ name: String) throws(FileError) -> OpenFile {
        let flags = O_RDWR | O_CREAT | O_NOFOLLOW | Self.always
        return try OpenFile(path: path + "/" + name, descriptor: unsafe openat(descriptor, name, flags, 0o600))
    }

    /// No program that we start inherits the file, and no terminal becomes our controlling terminal.
    private static let always = O_CLOEXEC | O_NOCTTY
    private static let making = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC

    package func status() throws(FileError) -> FileStatus {
        guard let status = FileStatus(of: descriptor) else { throw .last(path) }
        return status
    }

    /// Takes over the descriptor: a copy that is not closed when this object ends.
    package func detached() -> CInt? {
        let copy = fcntl(descriptor, F_DUPFD_CLOEXEC, 3)
        return copy >= 0 ? copy : nil
    }
}

// Content.
extension OpenFile {
    /// Reads to the end.
    ///
    /// - Parameter limit: the maximum size in bytes. A larger file is an error (`EFBIG`).
    package func bytes(upTo limit: Int) throws(FileError) -> [UInt8] {
        var bytes: [UInt8] = []
        try pieces { piece in
            bytes += piece
            return bytes.count <= limit
        }
        if bytes.count > limit { throw FileError(path, .system(EFBIG)) }
        return bytes
    }

    /// Passes the content to `take`, at most 64 KiB at a time, until `take` returns false.
    package func pieces(_ take: (ArraySlice<UInt8>) -> Bool) throws(FileError) {
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while true {
            guard let piece = Descriptors.read(descriptor, &buffer) else { throw .last(path) }
            guard !piece.isEmpty, take(piece) else { return }
        }
    }

    /// - Throws: `EFBIG` if the process may write no file of that size (`RLIMIT_FSIZE`).
    package func write(_ bytes: some Collection<UInt8>) throws(FileError) {
        guard BlockedSignal.during(SIGXFSZ, { Descriptors.write(bytes, to: descriptor) }) else { throw .last(path) }
    }

    /// The first byte; nil if the file is empty.
    package var firstByte: UInt8? {
        get {
            var byte: UInt8 = 0
            return unsafe pread(descriptor, &byte, 1, 0) == 1 ? byte : nil
        }
        set {
            guard var byte = newValue else {
                ftruncate(descriptor, 0)
                return
            }
            BlockedSignal.during(SIGXFSZ) { _ = unsafe pwrite(descriptor, &byte, 1, 0) }
        }
    }
}

// Locks.
extension OpenFile {
    /// Waits until no other process has the lock of this file, then takes it (flock(2)). It ends with ``unlock()``, or when
    /// the file is closed.
    package func lock() throws(FileError) {
        while flock(descriptor, LOCK_EX) != 0 { guard errno == EINTR else { throw .last(path) } }
    }

    /// Takes the lock if no other process has it. Returns whether it did.
    package func tryLock() throws(FileError) -> Bool {
        if flock(descriptor, LOCK_EX | LOCK_NB) == 0 { return true }
        guard errno == EWOULDBLOCK || errno == EINTR else { throw .last(path) }
        return false
    }

    package func unlock() { flock(descriptor, LOCK_UN) }
}
