import Glibc

/// The facts about a file from stat(2). Targets that use FoundationEssentials need it: in them, the members of `stat` are
/// Glibc's or CoreFoundation's, depending on the order in which files are compiled.
package struct FileStatus: Sendable, Equatable {
    package enum Kind: Sendable, Equatable { case file, directory, link, socket, other }

    package let kind: Kind
    package let owner: UInt32
    package let group: UInt32
    /// The permission bits, `07777` at most.
    package let mode: UInt32
    /// The number of names (hard links).
    package let links: UInt64
    /// In bytes.
    package let size: Int64
    package let device: UInt64
    package let inode: UInt64
    /// The time of the last change of the content or of the other facts (`st_ctim`): seconds since 1970-01-01 UTC, and
    /// nanoseconds. A program cannot set it.
    package let changed: [Int64]

    /// - Parameter followsLink: whether a symbolic link stands for its target.
    /// - Throws: ``FileError`` with the errno of stat(2), `ENOENT` if there is nothing at `path`.
    package init(of path: String, followsLink: Bool = true) throws(FileError) {
        var status = stat()
        let result = followsLink ? unsafe stat(path, &status) : unsafe lstat(path, &status)
        guard result == 0 else { throw .last(path) }
        self.init(status)
    }

    /// Returns nil if the descriptor is not open.
    package init?(of descriptor: CInt) {
        var status = stat()
        guard unsafe fstat(descriptor, &status) == 0 else { return nil }
        self.init(status)
    }

    private init(_ status: stat) {
        kind =
            switch status.st_mode & S_IFMT {
            case S_IFREG: .file
            case S_IFDIR: .directory
            case S_IFLNK: .link
            case S_IFSOCK: .socket
            default: .other
            }
        (owner, group, mode) = (status.st_uid, status.st_gid, status.st_mode & 0o7777)
        (links, size) = (UInt64(status.st_nlink), Int64(status.st_size))
        (device, inode) = (UInt64(status.st_dev), UInt64(status.st_ino))
        changed = [Int64(status.st_ctim.tv_sec), Int64(status.st_ctim.tv_nsec)]
    }

    /// Whether the effective user is the owner.
    package var isOurs: Bool { owner == geteuid() }
}
