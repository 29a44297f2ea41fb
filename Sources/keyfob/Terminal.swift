import Glibc
import Secrets

/// The person's side of the program: standard error.
///
/// Rules: one line, lower case, no full stop; what can be done about it follows in lines that begin with `hint: `.
/// Nothing from a server gets here but through ``Words/printable(_:)``.
enum Terminal {
    /// Whether a person may read what we say: standard error or the controlling terminal is one.
    static var isThere: Bool {
        if isStandardError { return true }
        let terminal = unsafe open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC)
        guard terminal >= 0 else { return false }
        close(terminal)
        return true
    }

    /// Whether standard error itself is a terminal, so that a line can be written over.
    static var isStandardError: Bool { isatty(STDERR_FILENO) == 1 }

    static func say(_ line: String) { write("keyfob: " + line + "\n") }

    static func hint(_ line: String) { write("hint: " + line + "\n") }

    /// Writes `line` over the one before it.
    static func overwrite(_ line: String) { write("\r" + line + "\u{1B}[K") }

    /// Takes the last ``overwrite(_:)`` away.
    static func erase() { write("\r\u{1B}[K") }

    /// Reads a line that a person types or pastes: from the controlling terminal, or from standard input where there is
    /// none. At most 16 KiB (a terminal cuts a line at 4095 bytes, termios(3)); the end of the input ends a line too.
    ///
    /// - Throws: `CancellationError` soon after the task is cancelled.
    static func readLine() async throws -> Secret {
        let terminal = unsafe open("/dev/tty", O_RDONLY | O_NOCTTY | O_CLOEXEC)
        defer { if terminal >= 0 { close(terminal) } }
        let source = terminal >= 0 ? terminal : STDIN_FILENO
        var line: [UInt8] = []
        var byte: UInt8 = 0
        while line.count < 16_384 {
            var readable = pollfd(fd: source, events: Int16(POLLIN), revents: 0)
            guard unsafe poll(&readable, 1, 0) != 0 else {
                try await Task.sleep(for: .milliseconds(50))
                continue
            }
            guard unsafe read(source, &byte, 1) == 1, byte != UInt8(ascii: "\n") else { break }
            line.append(byte)
        }
        return Secret(line)
    }

    private static func write(_ text: String) {
        let bytes = Array(text.utf8)
        _ = unsafe Glibc.write(STDERR_FILENO, bytes, bytes.count)
    }
}
