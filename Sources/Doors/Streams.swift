package import CredentialProtocol
import Files
import Glibc

/// Standard input.
package enum Input {
    /// Reads a request (``AttributeLines/gather(_:)``).
    package static func readRequest() -> [UInt8] {
        var buffer = [UInt8](repeating: 0, count: page)
        return AttributeLines.gather { read(STDIN_FILENO, &buffer, upTo: page) }
    }

    /// Reads what a caller may send: one request that a blank line ends, or all of the input.
    package static func read(endsAtBlankLine: Bool) -> [UInt8] {
        endsAtBlankLine ? readRequest() : readAll(upTo: Invocation.maximumInput + 1)
    }

    /// Reads to the end, but at most `limit` bytes.
    ///
    /// - Parameter descriptor: the descriptor to read; standard input by default.
    package static func readAll(upTo limit: Int, from descriptor: CInt = STDIN_FILENO) -> [UInt8] {
        var buffer = [UInt8](repeating: 0, count: page)
        var input: [UInt8] = []
        while input.count < limit {
            let bytes = read(descriptor, &buffer, upTo: limit - input.count)
            if bytes.isEmpty { break }
            input += bytes
        }
        return input
    }

    /// Reads the available bytes, at most a page; returns an empty slice at the end.
    package static func readSome() -> ArraySlice<UInt8> {
        var buffer = [UInt8](repeating: 0, count: page)
        return read(STDIN_FILENO, &buffer, upTo: page)
    }

    /// In bytes. Questions of callers are shorter.
    private static let page = 4096

    /// Returns an empty slice at the end or if reading fails.
    private static func read(
        _ descriptor: CInt, _ buffer: inout [UInt8], upTo limit: Int
    ) -> ArraySlice<UInt8> {
        Descriptors.read(descriptor, &buffer, upTo: limit) ?? []
    }
}

/// Standard output and standard error.
package enum Output {
    /// Writes the whole answer. Returns whether that succeeded.
    package static func write(_ bytes: [UInt8]) -> Bool {
        Descriptors.write(bytes, to: STDOUT_FILENO)
    }

    /// Writes the whole reply.
    ///
    /// - Returns: the exit status.
    package static func deliver(_ reply: Reply) -> Int32 {
        guard write(reply.output) else { return unwritten() }
        for line in reply.complaint { complain(line) }
        return reply.status
    }

    /// Writes one line to standard error for the user.
    package static func complain(_ line: String) {
        _ = Descriptors.write((line + "\n").utf8, to: STDERR_FILENO)
    }

    /// Reports, after a write that failed, why standard output does not take the answer.
    ///
    /// - Returns: the exit status, EX_IOERR (sysexits(3)).
    package static func unwritten() -> Int32 {
        if let message = Descriptors.words(forUnwritten: errno) { complain("keyfob: " + message) }
        return 74
    }
}

/// The trace of each step, which only keyfob writes.
enum Trace {
    /// Whether `KEYFOB_TRACE` asks keyfob to report each step.
    static var isWanted: Bool {
        !["", "0", "false"].contains((EnvironmentVariables.value(of: "KEYFOB_TRACE") ?? "").lowercased())
    }
}
