import ArgumentParser
import Console
import CredentialProtocol
import Dialects
import Files
import Forwarding
import Glibc
import Secrets

/// The start of the process.
@main
enum Main {
    static func main() async {
        _ = CoreLimit.atStart
        ProcessMemory.close()
        Descriptors.reserveStandard()
        let arguments = CommandLine.arguments
        if let dialect = Dialects.spoken(by: arguments.first ?? ""), dialect.name != GitDialect.name {
            _exit(await serve(Exchange(dialect), Array(arguments.dropFirst())))
        }
        if let status = await AgentPrograms.run(arguments) { _exit(status) }
        // The door's arguments for git are not parsed: that would take as long as the answer. The process exits at once,
        // because the cleanup of libraries and threads takes 2 ms.
        if arguments.count == 4, arguments[2] == "--dialect", arguments[3] == GitDialect.name,
            Operation(rawValue: arguments[1]) != nil
        {
            _exit(await serve(Exchange(GitDialect.self), [arguments[1]]))
        }
        await Keyfob.run(Array(arguments.dropFirst()))
    }
}

extension Keyfob {
    /// Runs a command of users, and ends the process.
    static func run(_ arguments: [String]) async -> Never {
        do {
            var command = try await asyncParseAsRoot(arguments)
            if var command = command as? any AsyncParsableCommand {
                try await command.run()
            } else {
                try command.run()
            }
            exit()
        } catch {
            if let report = unknownCommand(arguments) { exit(withError: report.print()) }
            guard exitCode(for: error) == .success else { exit(withError: withoutSecrets(error)) }
            // Help and the version are answers, so the exit status says whether they were written.
            let text = fullMessage(for: error)
            do {
                try StandardOutput.write(text.isEmpty ? [] : Array((text + "\n").utf8))
            } catch {
                exit(withError: Report(error).print())
            }
            exit()
        }
    }

    /// The error, with its text already printed if that quotes an address that may hold a secret.
    private static func withoutSecrets(_ error: any Error) -> any Error {
        let text = fullMessage(for: error)
        let shown = Messages.withoutSecrets(text)
        guard !text.isEmpty, shown != text else { return error }
        Terminal.write(shown + "\n")
        return exitCode(for: error)
    }

    /// The report of a command line whose first word is no command.
    static func unknownCommand(_ arguments: [String]) -> Report? {
        let names = configuration.subcommands.map { $0._commandName } + ["help"]
        guard let word = arguments.first, !word.hasPrefix("-"), !names.contains(word) else { return nil }
        let meant = word.nearest(among: names).map { ShellWords.line(["keyfob", $0] + arguments.dropFirst()) }
        return Report(
            .usage, "there is no command \(Messages.printable(word))",
            hints: [
                meant.map { "did you mean: " + Messages.printable(Messages.withoutSecrets($0)) }
                    ?? "for a list of commands: keyfob --help"
            ])
    }
}

/// `keyfob COMMAND`: for users and scripts, and for the questions that the doors do not answer.
///
/// Each command names itself: to make a name from a type, the runtime would search all conformances of the program, which takes
/// 2 ms for all of them at each start.
struct Keyfob: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "keyfob",
        abstract: "A valid token for a URL: sign in once, in your own browser.",
        discussion: "git asks through git-credential-keyfob: git config --global credential.helper keyfob",
        version: Front.version,
        subcommands: [
            Get.self, Store.self, Erase.self, Login.self, Logout.self, TokenCommand.self, Exec.self, Headers.self,
            Goauth.self, Status.self, Config.self, Doctor.self, SetupCommand.self, Import.self, Export.self,
            Forward.self, Log.self,
        ])
}
