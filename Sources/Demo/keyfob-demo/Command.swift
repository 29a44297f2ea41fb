import FoundationEssentials
import Subprocess
import SystemPackage

/// A command with its own environment, run to its end.
struct Command {
    var executable: String
    var arguments: [String]
    var environment: [String: String]
    var directory: String?

    /// Whether it succeeded, and the lines of both output streams.
    struct Outcome {
        var succeeded: Bool
        var lines: [String]
        var text: String { lines.joined(separator: "\n") }
    }

    /// Runs the command and passes each line of output to `onLine`. After `deadline`, or if the task is cancelled, ends
    /// the command with all its children and throws.
    func run(deadline: Duration = .seconds(60), onLine: (@Sendable (String) -> Void)? = nil) async throws -> Outcome {
        try await withThrowingTaskGroup(of: Outcome.self) { group in
            group.addTask { try await collect(onLine) }
            group.addTask {
                try await Task.sleep(for: deadline)
                throw DemoFailure(description: "\(executable) \(arguments.first ?? "") did not end in time")
            }
            defer { group.cancelAll() }
            guard let outcome = try await group.next() else { throw CancellationError() }
            return outcome
        }
    }

    private func collect(_ onLine: (@Sendable (String) -> Void)?) async throws -> Outcome {
        let result = try await Subprocess.run(
            .path(FilePath(executable)), arguments: Arguments(arguments), environment: .exactly(environment),
            workingDirectory: directory.map { FilePath($0) }, platformOptions: .ownSession, input: .none,
            output: .sequence, error: .combinedWithOutput
        ) { execution in
            var lines: [String] = []
            for try await line in execution.standardOutput.strings() {
                lines.append(line)
                onLine?(line)
            }
            return lines
        }
        return Outcome(succeeded: result.terminationStatus.isSuccess, lines: result.closureResult)
    }
}

extension Command.Outcome {
    /// The lines; throws an error that names the failed step and quotes the lines.
    @discardableResult
    func orThrow(_ what: String) throws -> [String] {
        guard succeeded else { throw DemoFailure(description: "\(what) failed:\n\(text)") }
        return lines
    }
}

/// A process that runs while a body of code runs.
enum Daemon {
    static func run<Result: Sendable>(
        _ command: Command, input: String = "", while body: () async throws -> Result
    ) async throws -> Result {
        let ended = try await Subprocess.run(
            .path(FilePath(command.executable)), arguments: Arguments(command.arguments),
            environment: .exactly(command.environment), platformOptions: .ownSession, input: .string(input),
            output: .discarded, error: .discarded
        ) { execution in
            // An error is kept until the process has ended. If it left this closure, Subprocess would wait for ever
            // for a process that does not end.
            let result: Swift.Result<Result, any Error>
            do { result = .success(try await body()) } catch { result = .failure(error) }
            await execution.teardown(using: PlatformOptions.ownSession.teardownSequence)
            return result
        }
        return try ended.closureResult.get()
    }
}

extension PlatformOptions {
    /// A session of its own: only we get Ctrl-C, we end the process group in our order, and git finds no terminal for a
    /// password prompt.
    static var ownSession: PlatformOptions {
        var options = PlatformOptions()
        options.createSession = true
        options.teardownSequence = [
            .send(signal: .terminate, toProcessGroup: true, allowedDurationToNextStep: .seconds(2))
        ]
        return options
    }
}

extension Environment {
    static func exactly(_ variables: [String: String]) -> Environment {
        .custom(
            Dictionary(
                variables.compactMap { name, value in Key(rawValue: name).map { ($0, value) } }
            ) { $1 })
    }
}
