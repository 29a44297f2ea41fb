import Glibc
import KeyfobCore
import Synchronization

/// The person's side of the program: standard error, and questions on the controlling terminal. Nothing else in the program
/// writes there; the words are those of ``Messages`` and ``Report``.
///
/// Rules:
/// - One line, lower case, no full stop; what can be done about it follows in lines that begin with `hint: `.
/// - Nothing from a server or a file gets here but through ``Messages/printable(_:)``.
/// - What is to be copied or typed (an address, a code, a command) comes last in its line and is never cut: where it does not
///   fit beside the words, it has a line of its own. The terminal wraps the rest, so that what is copied is one line.
/// - Bold is what is to be copied or typed, nothing else, and nothing has a colour; nothing is bold with `NO_COLOR`
///   (no-color.org), or where the terminal is dumb.
/// - Only the line that counts down is written over. On a dumb terminal, as for screen readers, it is a line at the beginning
///   and one each minute; where standard error is no terminal, it is not there at all.
enum Terminal {
    /// Whether a person may read what we say: standard error or the controlling terminal is one.
    static var isThere: Bool {
        if isStandardError { return true }
        let terminal = unsafe open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC)
        guard terminal >= 0 else { return false }
        close(terminal)
        return true
    }

    /// Whether a person waits for us at a terminal: standard error is one, or the controlling terminal is ours now, and not
    /// that of a shell which has sent us, or the editor that we work for, into the background.
    static var isInForeground: Bool {
        if isStandardError { return true }
        let terminal = unsafe open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC)
        guard terminal >= 0 else { return false }
        defer { close(terminal) }
        return HiddenTyping.isForeground(terminal)
    }

    /// Whether standard error itself is a terminal.
    static var isStandardError: Bool { isatty(STDERR_FILENO) == 1 }

    /// Whether a line on standard error can be written over.
    static var isRedrawn: Bool {
        guard isStandardError, let kind = Environment.variable("TERM") else { return false }
        return !["", "dumb"].contains(kind)
    }

    /// Rows and columns of standard error; nil where it has none.
    private static var size: (rows: Int, columns: Int)? {
        var size = winsize()
        guard isStandardError, unsafe ioctl(STDERR_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0
        else { return nil }
        return (Int(size.ws_row), Int(size.ws_col))
    }

    static func say(_ line: String) { writeLine("keyfob: " + line) }

    static func hint(_ line: String) { writeLine("hint: " + line) }

    /// A hint that ends with what is to be copied or typed.
    static func hint(_ line: String, _ thing: String) {
        let line = "hint: " + line
        let columns = size?.columns ?? .max
        let gap = line.unicodeScalars.count + 1 + thing.unicodeScalars.count > columns ? "\n" : " "
        writeLine(line + gap + emphasised(thing))
    }

    private static func emphasised(_ text: String) -> String {
        guard isRedrawn, Environment.variable("NO_COLOR")?.isEmpty != false else { return text }
        return "\u{1B}[1m" + text + "\u{1B}[0m"
    }

    /// Whether there is a line that the next one is written over.
    private static let isOpen = Atomic(false)

    /// Writes `line` over the one before it; of a line that is too wide only the beginning.
    static func overwrite(_ line: String) {
        isOpen.store(true, ordering: .relaxed)
        // The last column stays free: some terminals go to the next line with it.
        write("\r" + String(line.prefix(max((size?.columns ?? 80) - 1, 0))) + "\u{1B}[K")
    }

    /// Takes the last ``overwrite(_:)`` away.
    static func erase() {
        if isOpen.exchange(false, ordering: .relaxed) { write("\r\u{1B}[K") }
    }

    private static func writeLine(_ line: String) {
        erase()
        write(line + "\n")
    }

    /// Shows a QR code, where standard error is a terminal that it fits into; whether it did.
    static func show(_ code: QRCode) -> Bool {
        guard isRedrawn, let size, size.columns >= code.side, size.rows > code.lines.count else { return false }
        write(code.lines.map { $0 + "\n" }.joined())
        return true
    }

    /// Asks a yes-or-no question on the controlling terminal; anything but y or yes is no, and so is no terminal.
    ///
    /// - Parameter patience: how long to wait for somebody who may have gone away; nil: for ever.
    static func confirms(_ question: ServiceApproval.Question, within patience: Duration? = nil) async throws -> Bool {
        return try await confirms(Messages.question(question), within: patience)
    }

    /// The same for a question in words, which are shown as they are.
    static func confirms(_ words: String, within patience: Duration? = nil) async throws -> Bool {
        let said = try await answer(to: words, within: patience)?.lowercased()
        return ["y", "yes"].contains(said)
    }

    /// What a person types on the controlling terminal behind `words`, without the end of the line; nil where there is no
    /// terminal of ours, nobody answers in time, or the line is at its end. What was typed before `words` were shown does not
    /// count.
    static func answer(to words: String, within patience: Duration? = nil) async throws -> String? {
        let terminal = unsafe open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC)
        guard terminal >= 0 else { return nil }
        defer { close(terminal) }
        // A program in the background takes nothing from the shell before it.
        guard tcgetpgrp(terminal) == getpgrp() else { return nil }
        try await dropTypeAhead(on: terminal)
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

    /// Drops what was typed or pasted before the question that comes now: nobody has seen that question yet. A long paste
    /// comes in pieces, so the terminal has to be silent for a moment; if it never is, the question is asked all the same.
    ///
    /// - Parameter terminal: the controlling terminal, in the hands of our process group.
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

    /// Writes `text` as it is, to standard error or to where else the person wants to be told. Where nobody reads any more,
    /// there is no one to be told: what is being done for them is done all the same.
    static func write(_ text: String, to descriptor: Int32 = STDERR_FILENO) {
        withoutBrokenPipes {
            var rest = Array(text.utf8)[...]
            while !rest.isEmpty {
                let count = unsafe rest.withUnsafeBytes { unsafe Glibc.write(descriptor, $0.baseAddress, $0.count) }
                guard count > 0 else { return }
                rest = rest.dropFirst(count)
            }
        }
    }

    /// Keeps SIGPIPE from this thread meanwhile. To ignore it for the whole process, children would inherit.
    private static func withoutBrokenPipes(_ body: () -> Void) {
        var (signals, before, now) = (sigset_t(), sigset_t(), timespec())
        unsafe sigemptyset(&signals)
        unsafe sigaddset(&signals, SIGPIPE)
        unsafe pthread_sigmask(SIG_BLOCK, &signals, &before)
        body()
        _ = unsafe sigtimedwait(&signals, nil, &now)
        unsafe pthread_sigmask(SIG_SETMASK, &before, nil)
    }
}
