import Glibc

/// The program that this process runs.
package enum ProcessImage {
    /// The directory of the executable, whatever name or link it was called by; empty if /proc does not show it.
    package static var directory: String {
        guard let path = Paths.target(ofLink: "/proc/self/exe"), let end = path.utf8.lastIndex(of: UInt8(ascii: "/"))
        else { return "" }
        return String(path[..<end])
    }

    /// Whether the file at `path` is the program that this process runs.
    package static func isThis(_ path: String) -> Bool {
        var (own, other) = (stat(), stat())
        guard unsafe stat("/proc/self/exe", &own) == 0, unsafe stat(path, &other) == 0 else { return false }
        return (own.st_dev, own.st_ino) == (other.st_dev, other.st_ino)
    }

    /// Replaces this process with another program (execv(3)). Returns only if that fails.
    ///
    /// - Parameters:
    ///   - program: the path of the program.
    ///   - arguments: its arguments, starting with its name.
    package static func replace(with program: String, _ arguments: [String]) {
        var argv = unsafe arguments.map { unsafe strdup($0) } + [nil]
        defer { unsafe argv.forEach { unsafe free($0) } }
        unsafe execv(program, &argv)
    }
}
