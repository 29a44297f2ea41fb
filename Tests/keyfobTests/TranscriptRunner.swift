/// The result of a program.
struct CommandResult: Sendable, Equatable {
    var stdout: [UInt8]
    var stderr: [UInt8]
    var status: Int32
}

/// Starts a built program by its name and arguments in a prepared session, gives it its standard input, and waits for
/// it.
typealias CommandRunner = (_ command: [String], _ stdin: [UInt8]) async throws -> CommandResult

extension Transcript {
    /// Runs the exchange, and returns one line for each difference.
    func differences(running run: CommandRunner) async throws -> [String] {
        differences(from: try await run(command, stdin))
    }

    func differences(from result: CommandResult) -> [String] {
        var differences: [String] = []
        let place = "transcript at line \(line), \(command.joined(separator: " "))"
        for (stream, expected, found) in [
            ("stdout", stdout, result.stdout), ("stderr", stderr, result.stderr),
        ] where expected != found {
            differences.append("\(place): \(stream) is \(Self.quoted(found)), not \(Self.quoted(expected))")
        }
        if status != result.status { differences.append("\(place): exit status is \(result.status), not \(status)") }
        return differences
    }

    private static func quoted(_ bytes: [UInt8]) -> String {
        String(decoding: bytes, as: UTF8.self).debugDescription
    }
}
