import Dispatch
import FoundationEssentials
import Glibc
import Subprocess
import SystemPackage
import TestSupport

/// A pseudo-terminal for a program that needs our own server and asks its user something. The other tests of terminals are
/// in Tests/EndToEnd/Terminals.
final class PseudoTerminal {
    /// The user's side.
    private let descriptor: Int32
    /// The program's side, as a path and open, so that it does not vanish between two programs.
    private let path: String
    private let programSide: Int32
    private let source: any DispatchSourceRead
    private let output: AsyncStream<[UInt8]>
    /// Bytes, because one read may end within a character.
    private var unread: [UInt8] = []

    struct Failure: Error { var what: String }

    init() throws {
        var size = winsize(ws_row: 40, ws_col: 80, ws_xpixel: 0, ws_ypixel: 0)
        var (user, program) = (Int32(-1), Int32(-1))
        var name = [CChar](repeating: 0, count: 64)
        guard unsafe openpty(&user, &program, &name, nil, &size) == 0 else { throw Failure(what: "no terminal") }
        for side in [user, program] { _ = fcntl(side, F_SETFD, FD_CLOEXEC) }
        (descriptor, programSide) = (user, program)
        path = String(decoding: name.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)

        let (stream, continuation) = AsyncStream.makeStream(of: [UInt8].self)
        output = stream
        source = DispatchSource.makeReadSource(fileDescriptor: descriptor, queue: .global())
        source.setEventHandler {
            var buffer = [UInt8](repeating: 0, count: 65_536)
            let count = unsafe Glibc.read(user, &buffer, buffer.count)
            if count > 0 { continuation.yield(Array(buffer.prefix(count))) }
        }
        source.resume()
    }

    deinit {
        source.cancel()
        close(programSide)
        close(descriptor)
    }

    /// Whether the terminal echoes what is typed and collects it into lines.
    var showsTyping: Bool {
        var settings = termios()
        _ = unsafe tcgetattr(descriptor, &settings)
        return settings.c_lflag & tcflag_t(ECHO | ICANON) == tcflag_t(ECHO | ICANON)
    }

    /// Types or pastes. Waits until the program reads if the text is longer than the terminal's buffer.
    func type(_ text: String) throws {
        var rest = Array(text.utf8)[...]
        while !rest.isEmpty {
            let count = unsafe rest.withUnsafeBytes { unsafe write(descriptor, $0.baseAddress, $0.count) }
            guard count > 0 else { throw Failure(what: "cannot type") }
            rest = rest.dropFirst(count)
        }
    }

    /// The output up to and including `wanted`, from the end of the last call on.
    func read(until wanted: String) async throws -> String {
        var seen = unread
        var parts = output.makeAsyncIterator()
        while true {
            if let end = seen.firstRange(of: Array(wanted.utf8))?.upperBound {
                unread = Array(seen[end...])
                return String(decoding: seen[..<end], as: UTF8.self)
            }
            guard let part = await parts.next() else { throw Failure(what: "\(wanted) did not come") }
            seen += part
        }
    }

    /// The arguments with which a shell runs `command` and makes this its controlling terminal.
    func arguments(for command: [String]) -> Arguments {
        // The first terminal that the leader of a session opens becomes the controlling one.
        Arguments(["-c", #"exec <"$0" >"$0" 2>&1; exec "$@""#, path] + command)
    }
}

/// How a program on a terminal ended.
enum TerminalEnd: Equatable {
    case status(Int32), signal(Int32)
}

extension KeyfobSession {
    /// Runs one of the built programs on a terminal, and `user` beside it, and waits for the program's end.
    func run(
        _ command: [String], on terminal: PseudoTerminal, user: () async throws -> Void
    ) async throws -> TerminalEnd {
        let program = Self.programs.appending(path: command[0]).path
        let variables = session.environment.merging(["TERM": "xterm", "NO_COLOR": "1"]) { $1 }
            .merging(environment) { $1 }
        var options = PlatformOptions()
        options.createSession = true
        let result = try await Subprocess.run(
            .path("/bin/sh"),
            arguments: terminal.arguments(for: [program] + command.dropFirst()),
            environment: .custom(
                Dictionary(uniqueKeysWithValues: variables.map { (Environment.Key(stringLiteral: $0.key), $0.value) })),
            platformOptions: options, input: .none, output: .discarded, error: .discarded
        ) { _ in try await user() }
        switch result.terminationStatus {
        case .exited(let code): return .status(code)
        case .signaled(let number): return .signal(number)
        }
    }
}
