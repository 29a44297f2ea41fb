import Processes
import Secrets

/// A run of a tool, without a terminal: keyfob asks it about its settings, or tries a request with them.
package struct ToolCommand: Sendable {
    var program: String
    var arguments: [String]
    var environment: [String: String]
    var input: [UInt8]

    /// - Parameters:
    ///   - program: an absolute path.
    ///   - environment: the complete environment.
    init(_ program: String, _ arguments: [String], environment: [String: String], input: [UInt8] = []) {
        (self.program, self.arguments, self.environment, self.input) = (program, arguments, environment, input)
    }

    /// The result of a run.
    package struct Outcome: Sendable {
        /// The exit status, or 128 plus the number of the signal that ended the tool.
        package var status: Int32
        package var output: [UInt8]
        package var errors: [UInt8]

        /// Standard error, line by line.
        package var complaint: [String] {
            TextLines(String(decoding: errors, as: UTF8.self)).lines.filter { !$0.isEmpty }.map(String.init)
        }
    }

    /// The limit for each output stream, in bytes.
    private static let mostOutput = 4_194_304

    /// Runs the tool. Returns nil if it could not be started, wrote too much, or did not end in time.
    func run(within patience: Duration = .seconds(60)) async -> Outcome? {
        let outcome = try? BoundProgram.run(
            program, arguments, environment: environment, input: input, readsErrors: true, limit: Self.mostOutput,
            within: patience)
        return outcome.map { Outcome(status: $0.status, output: $0.output, errors: $0.errors) }
    }
}
