import Dispatch
import FoundationEssentials
import Glibc
import Subprocess
import SystemPackage
import TestSupport

/// A terminal without a screen: a program runs on it, and the test is the person before it.
final class PseudoTerminal {
    /// The person's side.
    private let descriptor: Int32
    /// The program's side, as a path and open, so that it does not vanish between two programs.
    private let path: String
    private let programSide: Int32
    private let source: any DispatchSourceRead
    private let output: AsyncStream<[UInt8]>
    /// Bytes: what is read at once may end within a character.
    private var unread: [UInt8] = []

    struct Failure: Error { var what: String }

    init(columns: UInt16 = 80, rows: UInt16 = 40) throws {
        var size = winsize(ws_row: rows, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0)
        var (person, program) = (Int32(-1), Int32(-1))
        var name = [CChar](repeating: 0, count: 64)
        guard unsafe openpty(&person, &program, &name, nil, &size) == 0 else { throw Failure(what: "no terminal") }
        for side in [person, program] { _ = fcntl(side, F_SETFD, FD_CLOEXEC) }
        (descriptor, programSide) = (person, program)
        path = String(decoding: name.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)

        let (stream, continuation) = AsyncStream.makeStream(of: [UInt8].self)
        output = stream
        source = DispatchSource.makeReadSource(fileDescriptor: descriptor, queue: .global())
        source.setEventHandler {
            var buffer = [UInt8](repeating: 0, count: 65_536)
            let count = unsafe Glibc.read(person, &buffer, buffer.count)
            if count > 0 { continuation.yield(Array(buffer.prefix(count))) }
        }
        source.resume()
    }

    deinit {
        source.cancel()
        close(programSide)
        close(descriptor)
    }

    /// Whether the terminal shows what is typed, and cuts it into lines.
    var showsTyping: Bool {
        var settings = termios()
        _ = unsafe tcgetattr(descriptor, &settings)
        return settings.c_lflag & tcflag_t(ECHO | ICANON) == tcflag_t(ECHO | ICANON)
    }

    /// Types, or pastes; waits for the program to take it where it is more than the terminal holds.
    func type(_ text: String) throws {
        var rest = Array(text.utf8)[...]
        while !rest.isEmpty {
            let count = unsafe rest.withUnsafeBytes { unsafe write(descriptor, $0.baseAddress, $0.count) }
            guard count > 0 else { throw Failure(what: "cannot type") }
            rest = rest.dropFirst(count)
        }
    }

    /// What came onto the screen up to and with `wanted`, from where the last call ended.
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

    /// The rest of the line that begins so; the next line, where the terminal is too narrow for the rest.
    func line(after beginning: String) async throws -> String {
        _ = try await read(until: beginning)
        // An end of line of a terminal is one character to Swift.
        let rest = try await read(until: "\r\n").dropLast(1).drop { $0 == " " }
        return rest.isEmpty ? String(try await read(until: "\r\n").dropLast(1)) : String(rest)
    }

    /// How a program is started on a terminal.
    enum Start: String {
        /// Alone, in a session of its own.
        case alone = #"exec "$@""#
        /// By a shell with job control, in the background.
        case inBackground = #"set -m; "$@" & wait $!"#
        /// By a shell with job control; where it is stopped, it goes on when the person has pressed Enter.
        case asJob = #"set -m; "$@"; echo stopped; read -r _; fg"#
    }

    /// What runs `command` with this as its controlling terminal.
    func arguments(for command: [String], _ start: Start) -> Arguments {
        // A session's leader gets for its own the first terminal that it opens.
        return Arguments(["-c", #"exec <"$0" >"$0" 2>&1; "# + start.rawValue, path] + command)
    }
}

/// How a program ended on a terminal.
enum TerminalEnd: Equatable {
    case status(Int32), signal(Int32)
}

extension KeyfobSession {
    /// Runs one of the built programs on a terminal while `person` sits before it, and waits for its end.
    func run(
        _ command: [String], on terminal: PseudoTerminal, _ start: PseudoTerminal.Start = .alone,
        person: (ProgramOnTerminal) async throws -> Void
    ) async throws -> TerminalEnd {
        let program = Self.programs.appending(path: command[0]).path
        let variables = session.environment.merging(["TERM": "xterm", "NO_COLOR": "1"]) { $1 }
            .merging(environment) { $1 }
        var options = PlatformOptions()
        options.createSession = true
        let result = try await Subprocess.run(
            .path("/bin/sh"),
            arguments: terminal.arguments(for: [program] + command.dropFirst(), start),
            environment: .custom(
                Dictionary(uniqueKeysWithValues: variables.map { (Environment.Key(stringLiteral: $0.key), $0.value) })),
            platformOptions: options, input: .none, output: .discarded, error: .discarded
        ) { execution in
            try await person(ProgramOnTerminal(process: execution.processIdentifier.value))
        }
        switch result.terminationStatus {
        case .exited(let code): return .status(code)
        case .signaled(let number): return .signal(number)
        }
    }
}

/// The program that runs on a terminal.
struct ProgramOnTerminal {
    let process: Int32

    func send(_ signal: Int32) { kill(process, signal) }
}
