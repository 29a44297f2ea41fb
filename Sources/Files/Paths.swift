import Glibc

/// Questions about paths.
package enum Paths {
    /// Whether the path leads to something. False also if a directory on the way cannot be searched.
    package static func exists(_ path: String) -> Bool { unsafe access(path, F_OK) == 0 }

    package static func isReadable(_ path: String) -> Bool { unsafe access(path, R_OK) == 0 }

    package static func isExecutable(_ path: String) -> Bool { unsafe access(path, X_OK) == 0 }

    /// The errno(3) that making a file in the directory `path` would fail with; nil if it would succeed.
    package static func problem(withWritingInto path: String) -> CInt? {
        unsafe access(path, W_OK | X_OK) == 0 ? nil : errno
    }

    /// The absolute path without symbolic links (realpath(3)); nil if there is nothing, and errno(3) has the reason.
    package static func real(_ path: String) -> String? {
        guard let real = unsafe realpath(path, nil) else { return nil }
        defer { unsafe free(real) }
        return unsafe String(validatingCString: real)
    }

    /// The text of a symbolic link; nil if there is no such link.
    package static func target(ofLink path: String) -> String? {
        var buffer = [CChar](repeating: 0, count: Int(PATH_MAX))
        let count = unsafe readlink(path, &buffer, buffer.count)
        guard count > 0 else { return nil }
        return String(decoding: buffer[..<count].map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    /// Makes the symbolic link `path` with the text `target`.
    package static func makeLink(_ path: String, to target: String) throws(FileError) {
        guard unsafe symlink(target, path) == 0 else { throw .last(path) }
    }

    /// Sets the permission bits of a file or directory. Returns whether that succeeded.
    package static func setMode(_ path: String, _ mode: UInt32) -> Bool { unsafe chmod(path, mode) == 0 }

    /// Deletes the directory `path` if it is empty.
    package static func deleteDirectory(_ path: String) { _ = unsafe rmdir(path) }

    /// The directory that `path` is in: `.` for a name alone.
    package static func parent(of path: String) -> String {
        guard let end = path.utf8.lastIndex(of: UInt8(ascii: "/")) else { return "." }
        return end == path.startIndex ? "/" : String(path[..<end])
    }

    /// The last part of a path.
    package static func name(of path: String) -> String {
        guard let end = path.utf8.lastIndex(of: UInt8(ascii: "/")) else { return path }
        return String(path[path.utf8.index(after: end)...])
    }
}
