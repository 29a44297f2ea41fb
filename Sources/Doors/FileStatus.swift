import Glibc

/// What stat(2) says of a file. Here, where nothing has any Foundation in it: where something has, it depends on the order
/// in which files are compiled whether the members of `stat` are Glibc's or CoreFoundation's.
package enum FileStatus {
    /// Whether what is behind a descriptor is a regular file that belongs to this user.
    package static func isOurs(_ descriptor: CInt) -> Bool {
        var status = stat()
        return unsafe fstat(descriptor, &status) == 0 && status.st_mode & S_IFMT == S_IFREG
            && status.st_uid == geteuid()
    }
}
