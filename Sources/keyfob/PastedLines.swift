import Glibc
import Secrets

/// The lines that a person pastes: on the controlling terminal, where nothing of them is shown, or on standard input.
///
/// The terminal is read only while it is ours, so that a program in the background takes nothing from the shell before
/// it. Lines have up to 16 KiB; empty ones are skipped.
struct PastedLines: ~Copyable {
    /// Redirect URIs with a code have reached 4 KiB; nobody means more than this.
    private static let longestLine = 16_384

    /// What terminals put around a paste when a program before us has asked them to, and forgot to take it back.
    private static let marks = ["\u{1B}[200~", "\u{1B}[201~"].map { Array($0.utf8) }

    private let source: Int32
    let isTerminal: Bool
    private var finished: [Secret] = []
    private var line: [UInt8] = []
    private var isAtEnd = false

    /// From now on nothing is shown. nil where there is no terminal, and standard input is not to be read.
    init?(orStandardInput: Bool) {
        let terminal = unsafe open("/dev/tty", O_RDONLY | O_NOCTTY | O_NONBLOCK | O_CLOEXEC)
        guard terminal >= 0 || orStandardInput else { return nil }
        isTerminal = terminal >= 0
        source = isTerminal ? terminal : STDIN_FILENO
        if isTerminal { _ = HiddenTyping.begin(on: source) }
    }

    deinit {
        guard isTerminal else { return }
        HiddenTyping.end()
        close(source)
    }

    /// The next line; nil at the end of the input, which a person types as Ctrl-D.
    ///
    /// - Throws: `CancellationError` soon after the task is cancelled.
    mutating func next() async throws -> Secret? {
        while finished.isEmpty && !isAtEnd {
            if isReadable { read() } else { try await Task.sleep(for: .milliseconds(50)) }
        }
        return finished.isEmpty ? nil : finished.removeFirst()
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

    /// One byte, with the meaning that it has on a terminal (termios(3)).
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
