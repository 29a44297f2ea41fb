import Glibc

/// The reason why a file or a directory cannot be used.
package struct FileError: Error, Sendable, Equatable {
    package enum Problem: Sendable, Equatable {
        /// A system call failed with this errno(3).
        case system(CInt)
        /// The path leads to a device, a pipe or a socket.
        case notAFile
        /// The owner is neither this user nor root.
        case ofAnotherUser(UInt32)
        /// Users other than the owner can write to it.
        case writableByOthers
    }

    /// The file or the directory that has the problem: not always the path that the caller named.
    package var path: String
    package var problem: Problem

    package init(_ path: String, _ problem: Problem) {
        (self.path, self.problem) = (path, problem)
    }

    /// The error of the system call that has just failed.
    static func last(_ path: String) -> FileError { FileError(path, .system(errno)) }

    /// The errno(3) of the system call that failed; nil for any other problem.
    package var code: CInt? { if case .system(let code) = problem { code } else { nil } }

    /// The system's text for an errno(3), for example "Permission denied".
    package static func text(of code: CInt) -> String {
        unsafe strerror(code).map { unsafe String(cString: $0) } ?? "error \(code)"
    }
}
