import FoundationEssentials
import TestSupport
import Testing

/// Whether the output is harmless for a terminal and a script: no control character except line ends, no invisible or
/// direction-changing character, and no forged line of keyfob.
func expectHarmless(_ result: CommandResult, _ comment: Comment? = nil) {
    for output in [result.output, result.complaint] {
        let harm = output.unicodeScalars.filter { scalar in
            switch scalar.properties.generalCategory {
            case .control: scalar != "\n"
            case .format, .lineSeparator, .paragraphSeparator, .surrogate, .privateUse, .unassigned: true
            default: false
            }
        }
        #expect(harm.isEmpty, comment)
    }
    for line in result.complaint.split(separator: "\n") {
        #expect(line.hasPrefix("keyfob: ") || line.hasPrefix("hint: "), comment)
        #expect(line.unicodeScalars.count < 1000, comment)
    }
}

extension KeyfobSession {
    /// Runs a program like ``run(_:_:)``, and measures its peak memory in kilobytes.
    func measured(_ command: [String], _ stdin: String) async throws -> (CommandResult, memory: Int) {
        let note = session.home + "/memory-" + UUID().uuidString
        let script = """
            import resource, subprocess, sys
            done = subprocess.run(sys.argv[2:])
            with open(sys.argv[1], "w") as note:
                note.write(str(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss))
            sys.exit(done.returncode)
            """
        let program = Self.programs.appending(path: command[0]).path
        let result = try await run(
            path: "/usr/bin/python3", ["-c", script, note, program] + command.dropFirst(), Array(stdin.utf8))
        let memory = try #require(Int(try String(contentsOfFile: note, encoding: .utf8)))
        return (result, memory)
    }
}
