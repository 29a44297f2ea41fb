import CredentialProtocol
import Glibc

/// Standard input.
package enum Input {
    /// Reads a request (``AttributeLines/gather(_:)``).
    package static func readRequest() -> [UInt8] {
        var buffer = [UInt8](repeating: 0, count: page)
        return AttributeLines.gather { read(STDIN_FILENO, &buffer, upTo: page) }
    }

    /// Reads to the end, but no more than `limit` bytes.
    ///
    /// - Parameter descriptor: another one than standard input.
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

    /// Reads what is there, up to a page of it; empty at the end.
    package static func readSome() -> ArraySlice<UInt8> {
        var buffer = [UInt8](repeating: 0, count: page)
        return read(STDIN_FILENO, &buffer, upTo: page)
    }

    /// Bytes: what callers ask is shorter.
    private static let page = 4096

    /// Empty at the end, or where reading fails.
    private static func read(
        _ descriptor: CInt, _ buffer: inout [UInt8], upTo limit: Int
    ) -> ArraySlice<UInt8> {
        while true {
            let count = unsafe Glibc.read(descriptor, &buffer, min(buffer.count, limit))
            if count >= 0 || errno != EINTR { return buffer[..<max(count, 0)] }
        }
    }
}

/// Standard output and standard error.
package enum Output {
    /// Writes the whole answer; whether it could.
    package static func write(_ bytes: [UInt8]) -> Bool {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = unsafe rest.withUnsafeBytes { unsafe Glibc.write(STDOUT_FILENO, $0.baseAddress, $0.count) }
            if count < 0 && errno == EINTR { continue }
            guard count > 0 else { return false }
            rest = rest.dropFirst(count)
        }
        return true
    }

    /// Says one line to the person.
    package static func complain(_ line: String) {
        let bytes = Array((line + "\n").utf8)
        _ = unsafe Glibc.write(STDERR_FILENO, bytes, bytes.count)
    }

    /// EX_IOERR of sysexits(3): nobody takes the answer.
    package static let nobodyReads: Int32 = 74
}

/// The environment.
package enum Environment {
    package static func variable(_ name: String) -> String? {
        unsafe getenv(name).flatMap { unsafe String(validatingCString: $0) }
    }

    /// Whether `KEYFOB_TRACE` says that somebody wants to be told of each step.
    static var wantsTrace: Bool {
        !["", "0", "false"].contains((variable("KEYFOB_TRACE") ?? "").lowercased())
    }
}
