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

    /// The maximum input in bytes: the largest pipe of an ordinary user (pipe(7), /proc/sys/fs/pipe-max-size).
    package static let longestInput = 1_048_576

    /// Replaces this process with `keyfob`. Returns only if that fails.
    ///
    /// - Parameters:
    ///   - arguments: the arguments of the process, starting with the program's name.
    ///   - input: the whole of standard input, which keyfob reads again; nil if the door has read nothing.
    package static func run(_ arguments: [String], input: [UInt8]?) -> Failure {
        if let input {
            guard input.count <= longestInput else { return .inputTooLarge }
            guard let end = pipe(holding: input), dup2(end, STDIN_FILENO) == STDIN_FILENO else { return .noPipe }
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
        guard let end = pipe(holding: heard) else { return .noPipe }
        return execute(arguments(end))
    }

    private static func execute(_ arguments: [String]) -> Failure {
        let program = directory() + "/keyfob"
        var argv = unsafe arguments.map { unsafe strdup($0) } + [nil]
        unsafe execv(program, &argv)
        return .notStarted(program: program)
    }

    /// Returns the reading end of a pipe that can hold all bytes, so that no process has to write while keyfob reads.
    private static func pipe(holding bytes: [UInt8]) -> CInt? {
        var ends: [CInt] = [-1, -1]
        guard unsafe Glibc.pipe(&ends) == 0 else { return nil }
        defer { close(ends[1]) }
        let ordinarySize = 65_536  // pipe(7)
        if bytes.count > ordinarySize {
            let setPipeSize: CInt = 1031  // F_SETPIPE_SZ: the C module defines it only for _GNU_SOURCE
            guard fcntl(ends[1], setPipeSize, CInt(longestInput)) >= bytes.count else { return nil }
        }
        return unsafe write(ends[1], bytes, bytes.count) == bytes.count ? ends[0] : nil
    }

    /// The directory of this executable, whatever name it was called by.
    private static func directory() -> String {
        var buffer = [CChar](repeating: 0, count: Int(PATH_MAX))
        let count = unsafe readlink("/proc/self/exe", &buffer, buffer.count)
        let path = buffer[..<max(count, 0)].map { UInt8(bitPattern: $0) }
        let end = path.lastIndex(of: UInt8(ascii: "/")) ?? path.startIndex
        return String(decoding: path[..<end], as: UTF8.self)
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
