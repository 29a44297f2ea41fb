import Files
import Glibc
import Synchronization

/// Speaks to the user on standard error and asks questions on the controlling terminal. No other code does.
///
/// Rules:
/// - One line, lower case, no full stop. Lines that begin with `hint: ` follow and say what the user can do.
/// - Text from a server or a file is shown through `Printable` alone.
/// - Text to copy or type (an address, a code, a command) comes last in its line and is never cut. If it does not fit
///   there, it gets a line of its own, so that the user copies one line.
/// - Only text to copy or type is bold. Nothing has a colour. Nothing is bold if `NO_COLOR` is set (no-color.org) or
///   the terminal is dumb.
/// - Only the countdown is overwritten. On a dumb terminal, such as a screen reader's, it is one line at the start and
///   one each minute. If standard error is not a terminal, there is no countdown.
package enum Terminal {
    /// Whether the user waits at a terminal: our process group has the controlling terminal. A shell that runs us in the
    /// background has it itself. Without a controlling terminal: whether standard error is a terminal.
    package static var isThere: Bool {
        let terminal = unsafe open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC)
        guard terminal >= 0 else { return isStandardError }
        defer { close(terminal) }
        return HiddenTyping.isForeground(terminal)
    }

    /// Whether standard error itself is a terminal.
    package static var isStandardError: Bool { isatty(STDERR_FILENO) == 1 }

    /// Whether standard error is a terminal that can overwrite a line and show bold text.
    package static var isRedrawn: Bool { isStandardError && !isDumb }

    /// Whether standard output is a terminal that shows bold text, and `NO_COLOR` is not set.
    package static var mayEmphasiseOutput: Bool { isatty(STDOUT_FILENO) == 1 && !isDumb && mayEmphasise }

    private static var isDumb: Bool { ["", "dumb"].contains(EnvironmentVariables.value(of: "TERM") ?? "") }

    private static var mayEmphasise: Bool { EnvironmentVariables.value(of: "NO_COLOR")?.isEmpty != false }

    /// Rows and columns of standard error, or nil if it is not a terminal.
    private static var size: (rows: Int, columns: Int)? {
        var size = winsize()
        guard isStandardError, unsafe ioctl(STDERR_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0
        else { return nil }
        return (Int(size.ws_row), Int(size.ws_col))
    }

    /// Writes a line of the program.
    package static func say(_ line: String) { writeLine("keyfob: " + line) }

    /// Writes lines that already name the program.
    package static func say(lines: [String]) {
        for line in lines { writeLine(line) }
    }

    /// Writes a line that says what the user can do.
    package static func hint(_ line: String) { writeLine("hint: " + line) }

    /// Sets the hints that Ctrl-C still shows while the user may paste; nil for none.
    package static func onInterrupt(hints: [String]?) {
        let start = isRedrawn ? "\r\u{1B}[K" : "\n"
        HiddenTyping.onInterrupt(hints.map { start + $0.map { "hint: " + $0 + "\n" }.joined() })
    }

    /// Writes a hint that ends with `thing`, the text to copy or type.
    package static func hint(_ line: String, _ thing: String) {
        let line = "hint: " + line
        let columns = size?.columns ?? .max
        let gap = line.unicodeScalars.count + 1 + thing.unicodeScalars.count > columns ? "\n" : " "
        writeLine(line + gap + emphasised(thing))
    }

    private static func emphasised(_ text: String) -> String {
        guard isRedrawn, mayEmphasise else { return text }
        return "\u{1B}[1m" + text + "\u{1B}[0m"
    }

    /// Whether the last line will be overwritten.
    private static let isOpen = Atomic(false)

    /// Overwrites the last line with `line`. Cuts a line that is too wide.
    package static func overwrite(_ line: String) {
        isOpen.store(true, ordering: .relaxed)
        // The last column stays free: some terminals wrap after it.
        write("\r" + String(line.prefix(max((size?.columns ?? 80) - 1, 0))) + "\u{1B}[K")
    }

    /// Erases the line of the last ``overwrite(_:)``.
    package static func erase() {
        if isOpen.exchange(false, ordering: .relaxed) { write("\r\u{1B}[K") }
    }

    private static func writeLine(_ line: String) {
        erase()
        write(line + "\n")
    }

    /// Shows a QR code if standard error is a terminal that is large enough. Returns whether it was shown.
    package static func show(_ code: QRCode) -> Bool {
        guard isRedrawn, let size, size.columns >= code.side, size.rows > code.lines.count else { return false }
        write(code.lines.map { $0 + "\n" }.joined())
        return true
    }

    /// Asks a yes-or-no question on the controlling terminal. Returns true only for "y" or "yes".
    ///
    /// - Parameters:
    ///   - question: shown unchanged.
    ///   - timeout: how long to wait for an answer; without end if nil.
    package static func confirms(_ question: String, within timeout: Duration? = nil) async throws -> Bool {
        ["y", "yes"].contains(try await answer(to: question, within: timeout)?.lowercased())
    }

    /// Asks a question on the controlling terminal. Returns the line that the user types, without its end.
    ///
    /// Returns nil if our process group does not have a terminal, if the timeout passes, or at the end of the input.
    /// Text that the user typed before the question was shown does not count.
    package static func answer(to question: String, within timeout: Duration? = nil) async throws -> String? {
        let terminal = unsafe open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC)
        guard terminal >= 0 else { return nil }
        defer { close(terminal) }
        // A program in the background must not take input from the shell.
        guard HiddenTyping.isForeground(terminal) else { return nil }
        try await dropTypeAhead(on: terminal)
        write(question, to: terminal)
        var answer = [UInt8](repeating: 0, count: 4096)
        let end = timeout.map { ContinuousClock.now + $0 }
        while true {
            if let end, end < .now {
                write("\n", to: terminal)
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

    /// Discards text that the user typed or pasted before the question: it cannot be an answer. A long paste comes in
    /// pieces, so this waits until the terminal is silent for a moment, at most for ``longestPaste``.
    ///
    /// - Parameter terminal: the controlling terminal, which our process group has.
    private static func dropTypeAhead(on terminal: Int32) async throws {
        let end = ContinuousClock.now + longestPaste
        repeat {
            tcflush(terminal, TCIFLUSH)
            try await Task.sleep(for: silence)
            var readable = pollfd(fd: terminal, events: Int16(POLLIN), revents: 0)
            guard unsafe poll(&readable, 1, 0) > 0 else { break }
        } while .now < end
        tcflush(terminal, TCIFLUSH)
    }

    private static let silence = Duration.milliseconds(80)
    private static let longestPaste = Duration.seconds(2)

    /// Writes `text` unchanged to standard error, or to another descriptor. Ignores a closed pipe: the work goes on if
    /// no process reads the messages.
    package static func write(_ text: String, to descriptor: Int32 = STDERR_FILENO) {
        BlockedSignal.during(SIGPIPE) {
            var rest = Array(text.utf8)[...]
            while !rest.isEmpty {
                let count = unsafe rest.withUnsafeBytes { unsafe Glibc.write(descriptor, $0.baseAddress, $0.count) }
                guard count > 0 else { return }
                rest = rest.dropFirst(count)
            }
        }
    }
}
