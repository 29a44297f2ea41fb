import Glibc

/// Facts from stat(2) about a file. They are in this target because it does not use Foundation. In targets that do, the
/// members of `stat` are Glibc's or CoreFoundation's, depending on the order in which files are compiled.
package enum FileStatus {
    /// Whether the descriptor refers to a regular file that the effective user owns.
    package static func isOurs(_ descriptor: CInt) -> Bool {
        var status = stat()
        return unsafe fstat(descriptor, &status) == 0 && status.st_mode & S_IFMT == S_IFREG
            && status.st_uid == geteuid()
    }
}
