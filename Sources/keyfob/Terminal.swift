import Glibc
import KeyfobCore

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

    /// Asks a yes-or-no question on the controlling terminal; anything but y or yes is no, and so is no terminal.
    ///
    /// - Parameter patience: how long to wait for somebody who may have gone away; nil: for ever.
    static func confirms(_ question: Introduction.Question, within patience: Duration? = nil) async throws -> Bool {
        let words =
            switch question {
            case .signIn(let service): "keyfob does not know \(service); look for its sign-in and go there? [y/N] "
            case .elsewhere(let service, let server):
                "\(service) sends you to \(Words.printable(server)); sign in there? [y/N] "
            case .nearby(let service, let server):
                "\(service) sends you to \(Words.printable(server)), which is in a private network; sign in there? [y/N] "
            case .registerAgain(_, let server):
                "did \(Words.printable(server)) not know keyfob, or its address? register again and retry? [y/N] "
            }
        return try await confirms(words, within: patience)
    }

    /// The same for a question in words, which are shown as they are.
    static func confirms(_ words: String, within patience: Duration? = nil) async throws -> Bool {
        let said = try await answer(to: words, within: patience)?.lowercased()
        return ["y", "yes"].contains(said)
    }

    /// What a person types on the controlling terminal behind `words`, without the end of the line; nil where there is no
    /// terminal of ours, nobody answers in time, or the line is at its end.
    static func answer(to words: String, within patience: Duration? = nil) async throws -> String? {
        let terminal = unsafe open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC)
        guard terminal >= 0 else { return nil }
        defer { close(terminal) }
        // A program in the background takes nothing from the shell before it.
        guard tcgetpgrp(terminal) == getpgrp() else { return nil }
        let bytes = Array(words.utf8)
        _ = unsafe Glibc.write(terminal, bytes, bytes.count)
        var answer = [UInt8](repeating: 0, count: 4096)
        let end = patience.map { ContinuousClock.now + $0 }
        while true {
            if let end, end < .now {
                let newline = [UInt8(ascii: "\n")]
                _ = unsafe Glibc.write(terminal, newline, newline.count)
                return nil
            }
            var readable = pollfd(fd: terminal, events: Int16(POLLIN), revents: 0)
            if unsafe poll(&readable, 1, 0) > 0 { break }
            try await Task.sleep(for: .milliseconds(50))
        }
        let count = unsafe read(terminal, &answer, answer.count)
        guard count > 0, answer[count - 1] == UInt8(ascii: "\n") else { return nil }
        return String(decoding: answer.prefix(count - 1), as: UTF8.self)
    }

    /// Writes `text` as it is.
    static func write(_ text: String) {
        var rest = Array(text.utf8)[...]
        while !rest.isEmpty {
            let count = unsafe rest.withUnsafeBytes { unsafe Glibc.write(STDERR_FILENO, $0.baseAddress, $0.count) }
            guard count > 0 else { return }  // Nobody listens: there is no one to be told.
            rest = rest.dropFirst(count)
        }
    }
}
