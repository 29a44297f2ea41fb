import Glibc
import Secrets

/// Reads a file that decides where secrets go. As ssh(1) does for `~/.ssh/config`, it reads the file only if no user
/// except this one and root can have written it.
///
/// The same rule holds for the file's directory, because a user who can write there can replace the file. The directories
/// above are not examined: they are the user's home. The user's own group counts as the user (``PrivateGroup``), as it
/// does for ssh on Debian.
package enum TrustedFile {
    /// The maximum size in bytes.
    package static let largest = 1_048_576

    /// The bytes of `file`; nil if there is no such file.
    ///
    /// - Throws: ``FileError`` if it cannot be read, or others can write it.
    package static func read(_ file: String) throws(FileError) -> [UInt8]? {
        let open: OpenFile
        do throws(FileError) {
            open = try OpenFile(reading: file)
        } catch {
            if error.code == ENOENT || error.code == ENOTDIR { return nil }
            throw error
        }
        let status = try open.status()
        if status.kind == .directory { throw FileError(file, .system(EISDIR)) }
        guard status.kind == .file else { throw FileError(file, .notAFile) }
        try status.refuseOthers(file)
        try refuseForeignLink(file)
        let directory = Paths.parent(of: file)
        try refuseForeignLink(directory)
        try FileStatus(of: directory).refuseOthers(directory)
        return try open.bytes(upTo: largest)
    }

    /// - Throws: if `path` is a symbolic link that another user made. It may lead to a file of this user with content from
    ///   that user, such as a file of a clone.
    private static func refuseForeignLink(_ path: String) throws(FileError) {
        guard let status = try? FileStatus(of: path, followsLink: false), status.kind == .link else { return }
        guard status.isOfUs(path) else { throw FileError(path, .ofAnotherUser(status.owner)) }
    }
}

extension FileStatus {
    /// - Parameter path: the path of the file or directory that this is the status of.
    /// - Throws: ``FileError`` if users other than this one and root can write to it.
    package func refuseOthers(_ path: String) throws(FileError) {
        guard isOfUs(path) else { throw FileError(path, .ofAnotherUser(owner)) }
        guard mode & S_IWOTH == 0, mode & S_IWGRP == 0 || PrivateGroup.isPrivate(group, of: owner) else {
            throw FileError(path, .writableByOthers)
        }
    }

    /// Whether the owner is this user or root. In a user namespace without root, the kernel shows the owner of root's files
    /// as the overflow user (user_namespaces(7)). Only root can create files below /etc, so there the overflow user is root.
    fileprivate func isOfUs(_ path: String) -> Bool {
        if isOurs || owner == 0 { return true }
        return path.begins(with: "/etc/") && owner == UserNamespace.overflowUser && !UserNamespace.isMapped(0)
            && !UserNamespace.isMapped(owner)
    }
}

private enum UserNamespace {
    static var overflowUser: UInt32? {
        SystemFile.text("/proc/sys/kernel/overflowuid").flatMap { UInt32($0.parts(at: "\n")[0]) }
    }

    /// Whether the user id has a counterpart outside of this user namespace. True if that cannot be read.
    static func isMapped(_ user: UInt32) -> Bool {
        guard let map = SystemFile.text("/proc/self/uid_map") else { return true }
        return map.parts(at: "\n").filter { !$0.isEmpty }.contains { line in
            let fields = line.parts(at: " ").compactMap { UInt64($0) }
            guard fields.count == 3 else { return true }
            return UInt64(user) >= fields[0] && UInt64(user) - fields[0] < fields[2]
        }
    }
}
