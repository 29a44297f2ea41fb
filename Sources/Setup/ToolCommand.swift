import Glibc
import Subprocess
import SystemPackage

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
        await withTaskGroup(of: Outcome?.self) { group in
            group.addTask { try? await collect() }
            group.addTask {
                try? await Task.sleep(for: patience)
                return nil
            }
            defer { group.cancelAll() }
            return await group.next() ?? nil
        }
    }

    private func collect() async throws -> Outcome {
        var options = PlatformOptions()
        options.createSession = true
        options.teardownSequence = [
            .send(signal: .terminate, toProcessGroup: true, allowedDurationToNextStep: .seconds(1))
        ]
        let result = try await Subprocess.run(
            .path(FilePath(program)), arguments: Arguments(arguments),
            environment: .custom(
                Dictionary(
                    environment.compactMap { name, value in Environment.Key(rawValue: name).map { ($0, value) } }
                ) { $1 }),
            platformOptions: options, input: .array(input), output: .bytes(limit: Self.mostOutput),
            error: .bytes(limit: Self.mostOutput))
        let status =
            switch result.terminationStatus {
            case .exited(let code): code
            case .signaled(let signal): 128 + signal
            }
        return Outcome(status: status, output: result.standardOutput, errors: result.standardError)
    }
}
