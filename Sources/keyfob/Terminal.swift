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

    /// Shows a QR code, where standard error is a terminal that it fits into; whether it did.
    static func show(_ code: QRCode) -> Bool {
        var size = winsize()
        guard isStandardError, let kind = Surroundings.variable("TERM"), !["", "dumb"].contains(kind),
            unsafe ioctl(STDERR_FILENO, UInt(TIOCGWINSZ), &size) == 0, Int(size.ws_col) >= code.side,
            Int(size.ws_row) > code.lines.count
        else { return false }
        write(code.lines.map { $0 + "\n" }.joined())
        return true
    }

    private static func write(_ text: String) {
        var rest = Array(text.utf8)[...]
        while !rest.isEmpty {
            let count = unsafe rest.withUnsafeBytes { unsafe Glibc.write(STDERR_FILENO, $0.baseAddress, $0.count) }
            guard count > 0 else { return }  // Nobody listens: there is no one to be told.
            rest = rest.dropFirst(count)
        }
    }
}
