import Glibc
package import Secrets

/// Reads the lines that the user pastes: on the controlling terminal, without echo, or on standard input.
///
/// The terminal is read only while our process group has it, so that a program in the background takes no input from the
/// shell. Lines have up to 16 KiB, and empty lines are skipped.
package struct PastedLines: ~Copyable {
    /// In bytes: the same limit as that of the listener for the browser.
    private static let longestLine = 16_384

    /// An address of the longest length in a narrow terminal.
    private static let mostLines = 256
    /// After it, a paste has ended. A terminal passes a paste on in pieces.
    private static let silence = Duration.milliseconds(50)

    /// The marks of a terminal's bracketed paste, which an earlier program may have switched on and not off.
    private static let marks = ["\u{1B}[200~", "\u{1B}[201~"].map { Array($0.utf8) }

    private let source: Int32
    package let isTerminal: Bool
    private var finished: [Secret] = []
    private var line: [UInt8] = []
    private var isAtEnd = false

    /// Switches off the echo until the value is destroyed. Returns nil if our process group does not have the terminal, and
    /// if there is no terminal and `orStandardInput` is false.
    package init?(orStandardInput: Bool) {
        let terminal = unsafe open("/dev/tty", O_RDONLY | O_NOCTTY | O_NONBLOCK | O_CLOEXEC)
        guard terminal >= 0 ? HiddenTyping.isForeground(terminal) : orStandardInput else {
            if terminal >= 0 { close(terminal) }
            return nil
        }
        isTerminal = terminal >= 0
        source = isTerminal ? terminal : STDIN_FILENO
        if isTerminal { _ = HiddenTyping.begin(on: source) }
    }

    deinit {
        guard isTerminal else { return }
        HiddenTyping.end()
        close(source)
    }

    /// Prompts for a secret on the terminal, without echo. Returns nil if there is no terminal, or at the end of the
    /// input.
    package static func secret(_ prompt: String) async throws -> Secret? {
        guard var lines = PastedLines(orStandardInput: false) else { return nil }
        Terminal.write(prompt)
        let secret = try await lines.next()
        Terminal.write("\n")
        return secret
    }

    /// The next line, or nil at the end of the input (Ctrl-D on a terminal).
    ///
    /// - Throws: `CancellationError` soon after the task is cancelled.
    package mutating func next() async throws -> Secret? {
        while finished.isEmpty && !isAtEnd {
            if isReadable { read() } else { try await Task.sleep(for: .milliseconds(50)) }
        }
        return finished.isEmpty ? nil : finished.removeFirst()
    }

    /// The next lines that come at once, joined with line ends, or nil at the end of the input. A paste that a terminal
    /// has wrapped is several lines, and its last line ends when the user types Enter.
    ///
    /// - Throws: `CancellationError` soon after the task is cancelled.
    package mutating func nextPaste() async throws -> Secret? {
        guard let first = try await next() else { return nil }
        finished.insert(first, at: 0)
        while !isAtEnd, finished.count < Self.mostLines {
            if isReadable {
                read()
            } else {
                try await Task.sleep(for: Self.silence)
                if line.isEmpty, !isReadable { break }
            }
        }
        defer { finished = [] }
        return Secret(Array(finished.map(\.exposedBytes).joined(separator: [0x0A])))
    }

    private var isReadable: Bool {
        if isTerminal && !HiddenTyping.begin(on: source) { return false }
        var readable = pollfd(fd: source, events: Int16(POLLIN), revents: 0)
        return unsafe poll(&readable, 1, 0) > 0
    }

    private mutating func read() {
        var buffer = [UInt8](repeating: 0, count: 4096)
        let count = unsafe Glibc.read(source, &buffer, buffer.count)
        if count < 0 && [EINTR, EAGAIN].contains(errno) { return }
        for byte in buffer.prefix(max(count, 0)) { take(byte) }
        guard count <= 0 else { return }
        endLine()
        isAtEnd = true
    }

    /// Handles one byte as a terminal does (termios(3)).
    private mutating func take(_ byte: UInt8) {
        switch byte {
        case 0x0A, 0x0D: endLine()
        case 0x04 where isTerminal:
            endLine()
            isAtEnd = true
        case 0x08 where isTerminal, 0x7F where isTerminal: _ = line.popLast()
        case 0x15 where isTerminal: line.removeAll()
        default: if line.count < Self.longestLine { line.append(byte) }
        }
    }

    private mutating func endLine() {
        for mark in Self.marks { line.replace(mark, with: []) }
        if !line.isEmpty { finished.append(Secret(line)) }
        line = []
    }
}
