/// Runs another program and returns its standard output.
package enum OtherProgram {
    /// The program's output, at most 64 KiB, in the C.UTF-8 locale. Returns nil if the program cannot be started,
    /// fails, does not end within ten seconds, or prints text that is not UTF-8.
    ///
    /// - Parameters:
    ///   - path: its absolute path.
    ///   - environment: the environment of this process.
    package static func output(of path: String, _ arguments: [String], environment: [String: String]) -> String? {
        let outcome = try? BoundProgram.run(
            path, arguments, environment: environment.merging(["LC_ALL": "C.UTF-8"]) { $1 }, limit: 65_536,
            within: .seconds(10))
        guard let outcome, outcome.status == 0 else { return nil }
        return String(validating: outcome.output, as: UTF8.self)
    }
}
