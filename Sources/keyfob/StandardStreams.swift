import ArgumentParser
import CredentialProtocol
import Glibc
import Secrets

/// Standard input, where a request stands.
enum StandardInput {
    /// Reads a request (``AttributeLines/gather(_:)``).
    static func readRequest() -> [UInt8] {
        var buffer = [UInt8](repeating: 0, count: 65_536)
        return AttributeLines.gather {
            while true {
                let count = unsafe read(STDIN_FILENO, &buffer, buffer.count)
                if count >= 0 || errno != EINTR { return buffer[..<max(count, 0)] }
            }
        }
    }
}

extension StandardInput {
    /// Reads a secret that a person hands over: the first line, without its end; nil where it is empty.
    static func readSecret() -> Secret? {
        let line = readRequest().prefix { $0 != UInt8(ascii: "\n") && $0 != UInt8(ascii: "\r") }
        return line.isEmpty ? nil : Secret(line)
    }
}

/// Standard output, which belongs to the protocol: one answer, at the very end.
enum StandardOutput {
    /// Writes the whole answer.
    ///
    /// - Throws: exit status 74 (EX_IOERR) where the reader is gone.
    static func write(_ bytes: [UInt8]) throws {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = unsafe rest.withUnsafeBytes { unsafe Glibc.write(STDOUT_FILENO, $0.baseAddress, $0.count) }
            if count < 0 && errno == EINTR { continue }
            guard count > 0 else { throw ExitCode(74) }
            rest = rest.dropFirst(count)
        }
    }
}
