package import CredentialProtocol
import Files
import Glibc
import Secrets

/// Replaces a door's process with `keyfob-main`, which answers the questions that the door cannot.
package enum HandOver {
    /// The program is in the directory of the door, or in `../libexec/keyfob` beside that. A door does not search
    /// `PATH`, because any program could have set it.
    package static let largeProgram = "keyfob-main"

    /// The limit for core files at the start, which `keyfob-main` inherits.
    private static let coreLimit = ProcessMemory.coreLimit

    /// Denies other processes access to the memory of this one. Every door calls this first.
    package static func prepare() {
        _ = coreLimit
        ProcessMemory.close()
        Descriptors.reserveStandard()
    }

    /// The maximum input in bytes.
    package static let longestInput = Descriptors.largestPipe

    /// Replaces this process with `keyfob-main`. Returns only if that fails.
    ///
    /// - Parameters:
    ///   - arguments: the arguments of the process, starting with the program's name.
    ///   - input: the whole of standard input, which `keyfob-main` reads again; nil if the door has read nothing.
    package static func run(_ arguments: [String], input: [UInt8]?) -> Report {
        if let input {
            guard input.count <= longestInput else { return inputTooLarge }
            guard let end = Descriptors.pipe(holding: input), dup2(end, STDIN_FILENO) == STDIN_FILENO else {
                return noPipe
            }
            close(end)
        }
        return execute(arguments)
    }

    /// Replaces this process with `keyfob-main` during a conversation; the rest of the conversation is on standard input.
    ///
    /// - Parameters:
    ///   - heard: the bytes that the door has read but not answered.
    ///   - arguments: returns the arguments of the process for the descriptor that holds `heard`.
    package static func run(heard: [UInt8], _ arguments: (CInt) -> [String]) -> Report {
        guard heard.count <= longestInput else { return inputTooLarge }
        guard let end = Descriptors.pipe(holding: heard) else { return noPipe }
        return execute(arguments(end))
    }

    private static func execute(_ arguments: [String]) -> Report {
        ProcessMemory.coreLimit = coreLimit
        let programs = programs
        for program in programs where !ProcessImage.isThis(program) {
            ProcessImage.replace(with: program, arguments)
        }
        if program == nil, AgentSocket.find() != nil {
            return Report(
                .temporary, "this machine has only the file keyfob",
                hints: ["it gets tokens from the machine that runs keyfob forward; run other commands there"])
        }
        return Report(
            .temporary, "\(programs[0]) cannot be started",
            hints: ["install keyfob and \(largeProgram) into one directory"])
    }

    /// The places where `keyfob-main` may be.
    private static var programs: [String] {
        let directory = ProcessImage.directory
        return [directory + "/" + largeProgram, directory + "/../libexec/keyfob/" + largeProgram]
    }

    /// The path of `keyfob-main`; nil if it is not installed. A machine that only uses the sign-ins of another one
    /// (`keyfob forward`) needs the door alone.
    package static var program: String? { programs.first { Paths.isExecutable($0) } }

    static var isPossible: Bool { program != nil }

    private static let noPipe = Report(.temporary, "the request cannot be handed over")
    private static let inputTooLarge = Report(
        .malformedRequest, "the request is larger than \(longestInput) bytes")
}
