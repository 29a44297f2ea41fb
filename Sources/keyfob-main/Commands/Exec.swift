import ArgumentParser
import Console
import CredentialProtocol
import Files
import Glibc
import KeyfobCore
import Processes
import Secrets

/// `keyfob exec URL -- COMMAND`: replaces the process with the command, which gets a token in a variable or on a file
/// descriptor.
struct Exec: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "exec",
        abstract: "Run a command with a token in its environment or on a file descriptor, never on a command line.",
        discussion: """
            If the service refuses the token, because somebody has revoked it, get another one and run the command again: \
            keyfob token URL | keyfob token URL --reject
            """)

    @Argument(help: "The URL of the service.", completion: .services)
    var url: String

    @Option(name: .customLong("env"), help: "The variable for the token; default KEYFOB_TOKEN.")
    var variable: String?

    @Option(
        name: .customLong("fd"),
        help: "The file descriptor from which the command can read the token, instead of a variable.")
    var descriptor: Int32?

    @OptionGroup var wanted: TokenOptions

    @Argument(parsing: .postTerminator, help: "The command and its arguments, after --.")
    var command: [String] = []

    func validate() throws {
        if command.isEmpty { throw ValidationError("Give a command after --.") }
        if variable != nil, descriptor != nil { throw ValidationError("--env and --fd cannot be used together.") }
        if let descriptor, !(3...255).contains(descriptor) {
            throw ValidationError("--fd takes a number from 3 to 255.")
        }
        if let variable, !Self.isName(variable) { throw ValidationError("--env takes the name of a variable.") }
    }

    /// Whether POSIX allows the name for a variable ("Environment Variables").
    private static func isName(_ text: String) -> Bool {
        guard let first = text.utf8.first, !(UInt8(ascii: "0")...UInt8(ascii: "9")).contains(first) else {
            return false
        }
        return text.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "_"),
                UInt8(ascii: "0")...UInt8(ascii: "9"):
                true
            default: false
            }
        }
    }

    func run() async throws {
        do {
            // Checked before the user is asked to sign in.
            let program = try Self.program(command[0])
            let token = try await wanted.token(for: url).password
            guard token.exposedBytes.allSatisfy({ (0x21...0x7E).contains($0) }) else {
                throw ResponseError.forbiddenByte(.password)
            }
            try hand(over: token)
            Self.become(program, command)
            throw NoSuchProgram(name: command[0])
        } catch {
            throw Report(error, about: url, options: wanted.hinted).print()
        }
    }

    /// Looks for a name in the absolute entries of `PATH`; takes a path as the user wrote it.
    private static func program(_ name: String) throws -> String {
        if name.contains("/") { return name }
        guard let path = ExecutableSearch(path: Environment.variable("PATH")).path(of: name) else {
            throw NoSuchProgram(name: name)
        }
        return path
    }

    private func hand(over token: Secret) throws {
        guard let descriptor else {
            let text = token.exposedText ?? ""
            guard EnvironmentVariables.set(variable ?? "KEYFOB_TOKEN", to: text) else { throw ExitCode(71) }
            return
        }
        guard let end = Descriptors.pipe(holding: token.exposedBytes) else { throw ExitCode(71) }
        if end == descriptor { return }
        guard dup2(end, descriptor) == descriptor else { throw ExitCode(71) }
        Glibc.close(end)
    }

    /// Returns only if the program cannot be started.
    static func become(_ program: String, _ command: [String]) {
        // Undoes what libraries changed in this process, and the limit that keeps secrets out of core files.
        ProcessMemory.coreLimit = CoreLimit.atStart
        _ = signal(SIGPIPE, SIG_DFL)
        var none = sigset_t()
        unsafe sigemptyset(&none)
        unsafe pthread_sigmask(SIG_SETMASK, &none, nil)
        ProcessImage.replace(with: program, command)
    }
}

/// The limit for core files that was in force when the program started.
enum CoreLimit {
    static let atStart = ProcessMemory.coreLimit
}

/// The program to run does not exist.
struct NoSuchProgram: Error {
    var name: String
}
