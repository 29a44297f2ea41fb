import Glibc

/// How a door becomes `keyfob`, which answers what the door cannot.
package enum HandOver {
    /// Why it could not. Where it could, nobody is left to be told.
    package enum Failure: Error, Sendable, Equatable {
        /// What was read is more than ``longestInput`` bytes.
        case inputTooLarge
        /// The system has no pipe for what was read.
        case noPipe
        /// The program cannot be started.
        case notStarted(program: String)
    }

    /// The most bytes that can be handed over: an ordinary user's largest pipe (pipe(7), /proc/sys/fs/pipe-max-size).
    package static let longestInput = 1_048_576

    /// Becomes `keyfob`.
    ///
    /// - Parameters:
    ///   - arguments: of the process, with the name by which it is called.
    ///   - input: what was read of standard input, which keyfob then reads anew: the whole of it. Nil where nothing was.
    package static func run(_ arguments: [String], input: [UInt8]?) -> Failure {
        if let input {
            guard input.count <= longestInput else { return .inputTooLarge }
            guard let end = pipe(holding: input), dup2(end, STDIN_FILENO) == STDIN_FILENO else { return .noPipe }
            close(end)
        }
        return execute(arguments)
    }

    /// Becomes `keyfob` in the middle of a conversation, whose rest is on standard input.
    ///
    /// - Parameters:
    ///   - heard: what was read and not answered.
    ///   - arguments: of the process, which learn the descriptor that holds `heard`.
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

    /// The reading end of a pipe that is large enough for all of it, so that nobody has to write on while keyfob reads.
    private static func pipe(holding bytes: [UInt8]) -> CInt? {
        var ends: [CInt] = [-1, -1]
        guard unsafe Glibc.pipe(&ends) == 0 else { return nil }
        defer { close(ends[1]) }
        let ordinarySize = 65_536  // pipe(7)
        if bytes.count > ordinarySize {
            let setPipeSize: CInt = 1031  // F_SETPIPE_SZ, which the C module shows to GNU sources alone
            guard fcntl(ends[1], setPipeSize, CInt(longestInput)) >= bytes.count else { return nil }
        }
        return unsafe write(ends[1], bytes, bytes.count) == bytes.count ? ends[0] : nil
    }

    /// The directory of this very file, whatever name it was called by.
    private static func directory() -> String {
        var buffer = [CChar](repeating: 0, count: Int(PATH_MAX))
        let count = unsafe readlink("/proc/self/exe", &buffer, buffer.count)
        let path = buffer[..<max(count, 0)].map { UInt8(bitPattern: $0) }
        let end = path.lastIndex(of: UInt8(ascii: "/")) ?? path.startIndex
        return String(decoding: path[..<end], as: UTF8.self)
    }
}

extension HandOver.Failure {
    /// One line for whoever called.
    package var message: String {
        switch self {
        case .inputTooLarge: "the request is larger than \(HandOver.longestInput) bytes"
        case .noPipe: "the request cannot be handed over"
        case .notStarted(let program): "\(program) cannot be started"
        }
    }

    /// What to do about it.
    package var hints: [String] {
        switch self {
        case .inputTooLarge, .noPipe: []
        case .notStarted: ["install keyfob and its doors into one directory"]
        }
    }

    /// The exit status, of sysexits(3).
    package var status: Int32 {
        switch self {
        case .inputTooLarge: 65
        case .noPipe, .notStarted: 75
        }
    }
}
