import Subprocess
import SystemPackage

/// Asks another program something that it answers on standard output.
package enum OtherProgram {
    /// What it prints, 64 KiB at most; nil where it cannot be started, or fails. In the words of no language.
    ///
    /// - Parameter path: its absolute path.
    package static func output(of path: String, _ arguments: [String]) async -> String? {
        let result = try? await run(
            .path(FilePath(path)), arguments: Arguments(arguments),
            environment: .inherit.updating(["LC_ALL": "C.UTF-8"]), output: .string(limit: 65_536), error: .discarded)
        guard let result, result.terminationStatus.isSuccess else { return nil }
        return result.standardOutput
    }
}
