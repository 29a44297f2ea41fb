import Glibc
import TestSupport

/// A temporary home directory for tests that run git itself.
enum GitHome {
    /// Runs `body` with a home directory whose `.gitconfig` is `text`.
    static func run(_ text: String = "", _ body: (String) async throws -> Void) async throws {
        try await withTemporaryDirectory { home in
            try write(text, to: home + "/.gitconfig")
            try await body(home)
        }
    }

    /// Gives the calling process this home and working directory. Only for the child process of an exit test.
    static func enter(_ home: String, _ more: [String: String] = [:]) {
        let path = unsafe getenv("PATH").map { unsafe String(cString: $0) } ?? "/usr/bin:/bin"
        clearenv()
        let environment = ["HOME": home, "PATH": path, "GIT_CONFIG_NOSYSTEM": "1"].merging(more) { $1 }
        for (name, value) in environment { unsafe setenv(name, value, 1) }
        unsafe chdir(home)
    }
}
