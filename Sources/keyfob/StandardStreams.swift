import ArgumentParser
import CredentialProtocol
import Dialects
import Glibc
import Secrets
import Synchronization

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

extension StandardInput {
    /// Reads to the end, and at most one byte more than a caller may say.
    static func readAll() -> [UInt8] {
        var input: [UInt8] = []
        while input.count <= Invocation.maximumInput, let bytes = readSome() { input += bytes }
        return Array(input.prefix(Invocation.maximumInput + 1))
    }

    /// Reads what is there; nil at the end.
    fileprivate static func readSome() -> ArraySlice<UInt8>? {
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = unsafe read(STDIN_FILENO, &buffer, buffer.count)
            if count > 0 { return buffer[..<count] }
            if count == 0 || errno != EINTR { return nil }
        }
    }
}

/// Standard input line by line.
final class LineInput: Sendable {
    private let pending = Mutex<[UInt8]>([])

    /// The next line without its end, at most one byte more than a caller may say; nil at the end.
    func next() -> [UInt8]? {
        pending.withLock { pending in
            while true {
                if let end = pending.firstIndex(of: UInt8(ascii: "\n")) {
                    defer { pending.removeSubrange(...end) }
                    return Array(pending[..<end])
                }
                guard pending.count <= Invocation.maximumInput, let bytes = StandardInput.readSome() else { break }
                pending += bytes
            }
            defer { pending = [] }
            return pending.isEmpty ? nil : Array(pending.prefix(Invocation.maximumInput + 1))
        }
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
