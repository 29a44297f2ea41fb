import Files
import Glibc

/// Replaces a door's process with `keyfob`, which answers the questions that the door cannot.
package enum HandOver {
    /// The reason why `keyfob` did not start. If it starts, the door's process no longer exists.
    package enum Failure: Error, Sendable, Equatable {
        /// The bytes that the door has read are more than ``longestInput``.
        case inputTooLarge
        /// The system provides no pipe for the bytes that the door has read.
        case noPipe
        /// The program cannot be started.
        case notStarted(program: String)
    }

    /// The maximum input in bytes.
    package static let longestInput = Descriptors.largestPipe

    /// Replaces this process with `keyfob`. Returns only if that fails.
    ///
    /// - Parameters:
    ///   - arguments: the arguments of the process, starting with the program's name.
    ///   - input: the whole of standard input, which keyfob reads again; nil if the door has read nothing.
    package static func run(_ arguments: [String], input: [UInt8]?) -> Failure {
        if let input {
            guard input.count <= longestInput else { return .inputTooLarge }
            guard let end = Descriptors.pipe(holding: input), dup2(end, STDIN_FILENO) == STDIN_FILENO else {
                return .noPipe
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
    package static func run(heard: [UInt8], _ arguments: (CInt) -> [String]) -> Failure {
        guard heard.count <= longestInput else { return .inputTooLarge }
        guard let end = Descriptors.pipe(holding: heard) else { return .noPipe }
        return execute(arguments(end))
    }

    private static func execute(_ arguments: [String]) -> Failure {
        let program = ProcessImage.directory + "/keyfob"
        ProcessImage.replace(with: program, arguments)
        return .notStarted(program: program)
    }
}

extension HandOver.Failure {
    /// One line for the caller.
    package var message: String {
        switch self {
        case .inputTooLarge: "the request is larger than \(HandOver.longestInput) bytes"
        case .noPipe: "the request cannot be handed over"
        case .notStarted(let program): "\(program) cannot be started"
        }
    }

    /// Hints for the user.
    package var hints: [String] {
        switch self {
        case .inputTooLarge, .noPipe: []
        case .notStarted: ["install keyfob and its doors into one directory"]
        }
    }

    /// The exit status (sysexits(3)).
    package var status: Int32 {
        switch self {
        case .inputTooLarge: 65
        case .noPipe, .notStarted: 75
        }
    }
}
