import Glibc
import TestSupport

/// git itself, asked in a home directory of the test's own.
enum GitHome {
    /// Lends a home whose `.gitconfig` is `text`.
    static func run(_ text: String = "", _ body: (String) async throws -> Void) async throws {
        try await withTemporaryDirectory { home in
            try write(text, to: home + "/.gitconfig")
            try await body(home)
        }
    }

    /// Makes the calling process one with this home and working directory: for the child process of an exit test.
    static func enter(_ home: String, _ more: [String: String] = [:]) {
        let path = unsafe getenv("PATH").map { unsafe String(cString: $0) } ?? "/usr/bin:/bin"
        clearenv()
        let environment = ["HOME": home, "PATH": path, "GIT_CONFIG_NOSYSTEM": "1"].merging(more) { $1 }
        for (name, value) in environment { unsafe setenv(name, value, 1) }
        unsafe chdir(home)
    }
}
