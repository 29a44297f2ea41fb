import CredentialProtocol
import Glibc

/// Standard input.
enum Input {
    /// Reads a request (``AttributeLines/gather(_:)``).
    static func readRequest() -> [UInt8] {
        var buffer = [UInt8](repeating: 0, count: 4096)  // a page: what git asks is shorter
        return AttributeLines.gather {
            while true {
                let count = unsafe read(STDIN_FILENO, &buffer, buffer.count)
                if count >= 0 || errno != EINTR { return buffer[..<max(count, 0)] }
            }
        }
    }
}

/// Standard output and standard error.
enum Output {
    /// Writes the whole answer; whether it could.
    static func write(_ bytes: [UInt8]) -> Bool {
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
    static func complain(_ line: String) {
        let bytes = Array((line + "\n").utf8)
        _ = unsafe Glibc.write(STDERR_FILENO, bytes, bytes.count)
    }
}

/// The environment.
enum Environment {
    static func variable(_ name: String) -> String? {
        unsafe getenv(name).flatMap { unsafe String(validatingCString: $0) }
    }
}
