import ArgumentParser
import CredentialProtocol
import Dialects
import Glibc
import Secrets

/// Where the process begins.
@main
enum Main {
    static func main() async {
        _ = CoreLimit.atStart
        ProcessMemory.close()
        if let dialect = Dialects.spoken(by: CommandLine.arguments.first ?? "") {
            _exit(await CallerExchange(dialect, Array(CommandLine.arguments.dropFirst())).run())
        }
        // What git-credential-keyfob hands over is taken as it is: to parse it costs as much as to answer it.
        let arguments = CommandLine.arguments
        if arguments.count == 4, arguments[2] == "--dialect", arguments[3] == "git",
            let operation = Operation(rawValue: arguments[1])
        {
            do {
                try await CredentialExchange.fromGit.run(operation)
                _exit(0)  // the answer is written; to take down libraries and threads in good order costs git 2 ms
            } catch {
                _exit((error as? ExitCode)?.rawValue ?? 70)
            }
        } else {
            await Keyfob.main()
        }
    }
}

/// `keyfob COMMAND`: the door for people, for editors, and for what git-credential-keyfob cannot answer alone.
struct Keyfob: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "keyfob",
        abstract: "A valid token for a URL: sign in once, in your own browser.",
        discussion: "git asks through git-credential-keyfob: git config --global credential.helper keyfob",
        version: "0.1.0",
        subcommands: [
            Get.self, Store.self, Erase.self, Login.self, Logout.self, TokenCommand.self, Exec.self, Headers.self,
            Goauth.self, Status.self, Config.self, Doctor.self, SetupCommand.self, Import.self, Export.self,
        ])
}
