package import CredentialProtocol
import Files
import Glibc

/// Replaces a door's process with `keyfob`, which answers the questions that the door cannot.
package enum HandOver {
    /// The maximum input in bytes.
    package static let longestInput = Descriptors.largestPipe

    /// Replaces this process with `keyfob`. Returns only if that fails.
    ///
    /// - Parameters:
    ///   - arguments: the arguments of the process, starting with the program's name.
    ///   - input: the whole of standard input, which keyfob reads again; nil if the door has read nothing.
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

    /// Replaces this process with `keyfob` during a conversation; the rest of the conversation is on standard input.
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
        let program = ProcessImage.directory + "/keyfob"
        ProcessImage.replace(with: program, arguments)
        return Report(
            .temporary, "\(program) cannot be started", hints: ["install keyfob and its doors into one directory"])
    }

    private static let noPipe = Report(.temporary, "the request cannot be handed over")
    private static let inputTooLarge = Report(
        .malformedRequest, "the request is larger than \(longestInput) bytes")
}
