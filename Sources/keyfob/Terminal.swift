import Glibc

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

    private static func write(_ text: String) {
        let bytes = Array(text.utf8)
        _ = unsafe Glibc.write(STDERR_FILENO, bytes, bytes.count)
    }
}
