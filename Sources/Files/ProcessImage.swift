import Glibc

/// The program that this process runs.
package enum ProcessImage {
    /// The directory of the executable, whatever name or link it was called by; empty if /proc does not show it.
    package static var directory: String {
        guard let path = Paths.target(ofLink: "/proc/self/exe"), let end = path.utf8.lastIndex(of: UInt8(ascii: "/"))
        else { return "" }
        return String(path[..<end])
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
