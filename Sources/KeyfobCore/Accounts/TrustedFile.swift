import Glibc

/// Reads a file that says where secrets go, as ssh(1) reads `~/.ssh/config`: only if nobody but this user and root can have
/// written it. The same holds for the directory that it is in, for who may write there may put another file in its place.
/// The directories above are not looked at: they are the person's home. A user's own group counts as the user
/// (``PrivateGroup``), as it does for ssh on Debian.
enum TrustedFile {
    /// The most that is read, in bytes.
    static let largest = 1_048_576

    /// The bytes of `file`; nil where there is no such file.
    ///
    /// - Throws: ``ConfigurationError`` where it cannot be read, or others may write it.
    static func read(_ file: String) throws(ConfigurationError) -> [UInt8]? {
        // A pipe would be waited for until somebody writes to it.
        let descriptor = unsafe open(file, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)
        guard descriptor >= 0 else {
            if errno == ENOENT || errno == ENOTDIR { return nil }
            throw error(file, .unreadable(errno: errno))
        }
        defer { close(descriptor) }
        var status = stat()
        guard unsafe fstat(descriptor, &status) == 0 else { throw error(file, .unreadable(errno: errno)) }
        switch status.st_mode & S_IFMT {
        case S_IFREG: break
        case S_IFDIR: throw error(file, .unreadable(errno: EISDIR))
        default: throw error(file, .notAFile)
        }
        try refuseOthers(status, file)
        try refuseForeignLink(file)
        let directory = OwnDirectory.parent(of: file)
        try refuseForeignLink(directory)
        guard unsafe stat(directory, &status) == 0 else { throw error(directory, .unreadable(errno: errno)) }
        try refuseOthers(status, directory)
        return try bytes(descriptor, file)
    }

    /// - Throws: if `path` is a symbolic link that another user made: it may lead to a file of this user's which that user
    ///   has filled, such as one of a clone.
    private static func refuseForeignLink(_ path: String) throws(ConfigurationError) {
        var status = stat()
        guard unsafe lstat(path, &status) == 0, status.st_mode & S_IFMT == S_IFLNK else { return }
        guard isOurs(status.st_uid, path) else { throw error(path, .ofAnotherUser(status.st_uid)) }
    }

    /// Whether `owner` is this user or root. In a user namespace without root, root's files are shown as those of the
    /// overflow user (user_namespaces(7)); below /etc, where only root can put files, that user is root.
    private static func isOurs(_ owner: uid_t, _ path: String) -> Bool {
        if owner == geteuid() || owner == 0 { return true }
        return path.hasPrefix("/etc/") && owner == overflowUser && !isMapped(0) && !isMapped(owner)
    }

    private static var overflowUser: uid_t? {
        text("/proc/sys/kernel/overflowuid").flatMap { uid_t($0.prefix { $0 != "\n" }) }
    }

    /// Whether the user id has a counterpart outside of this user namespace. True if that cannot be read.
    private static func isMapped(_ user: uid_t) -> Bool {
        guard let map = text("/proc/self/uid_map") else { return true }
        return map.split(separator: "\n").contains { line in
            let fields = line.split(separator: " ").compactMap { UInt64($0) }
            guard fields.count == 3 else { return true }
            return UInt64(user) >= fields[0] && UInt64(user) - fields[0] < fields[2]
        }
    }

    /// The first 4 KiB of a file of the kernel's.
    private static func text(_ path: String) -> String? {
        let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var buffer = [UInt8](repeating: 0, count: 4_096)
        let count = unsafe Glibc.read(descriptor, &buffer, buffer.count)
        return count < 0 ? nil : String(decoding: buffer[..<count], as: UTF8.self)
    }

    /// - Throws: where users other than this one and root may write to what `status` is of.
    static func refuseOthers(_ status: stat, _ path: String) throws(ConfigurationError) {
        guard isOurs(status.st_uid, path) else { throw error(path, .ofAnotherUser(status.st_uid)) }
        let isForWorld = status.st_mode & S_IWOTH != 0
        let isForGroup = status.st_mode & S_IWGRP != 0
        guard !isForWorld, !isForGroup || PrivateGroup.isPrivate(status.st_gid, of: status.st_uid) else {
            throw error(path, .writableByOthers)
        }
    }

    private static func bytes(_ descriptor: CInt, _ file: String) throws(ConfigurationError) -> [UInt8] {
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = unsafe Glibc.read(descriptor, &buffer, buffer.count)
            if count < 0 { throw error(file, .unreadable(errno: errno)) }
            if count == 0 { return bytes }
            bytes += buffer[..<count]
            if bytes.count > largest { throw error(file, .unreadable(errno: EFBIG)) }
        }
    }

    private static func error(_ path: String, _ problem: ConfigurationError.Problem) -> ConfigurationError {
        ConfigurationError(file: path, line: nil, key: nil, problem: problem)
    }
}
