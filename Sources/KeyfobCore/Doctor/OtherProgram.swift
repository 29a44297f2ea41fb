/// Asks another program something that it answers on standard output.
package enum OtherProgram {
    /// What it prints, 64 KiB at most; nil where it cannot be started, fails, or does not end within ten seconds. In the
    /// words of no language.
    ///
    /// - Parameters:
    ///   - path: its absolute path.
    ///   - environment: that of this process.
    package static func output(of path: String, _ arguments: [String], environment: [String: String]) -> String? {
        let outcome = try? BoundProgram.run(
            path, arguments, environment: environment.merging(["LC_ALL": "C.UTF-8"]) { $1 }, limit: 65_536,
            within: .seconds(10))
        guard let outcome, outcome.status == 0 else { return nil }
        return String(validating: outcome.output, as: UTF8.self)
    }
}
