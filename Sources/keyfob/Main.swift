import ArgumentParser
import CredentialProtocol
import Dialects
import Glibc
import Secrets

/// The entry point.
@main
enum Main {
    static func main() async {
        _ = CoreLimit.atStart
        ProcessMemory.close()
        if let dialect = Dialects.spoken(by: CommandLine.arguments.first ?? "") {
            _exit(await CallerExchange(dialect, Array(CommandLine.arguments.dropFirst())).run())
        }
        // Arguments from git-credential-keyfob are not parsed: parsing would take as long as the answer.
        let arguments = CommandLine.arguments
        if arguments.count == 4, arguments[2] == "--dialect", arguments[3] == "git",
            let operation = Operation(rawValue: arguments[1])
        {
            do {
                try await CredentialExchange.fromGit.run(operation)
                _exit(0)  // the answer is written; a normal exit of libraries and threads would cost git 2 ms
            } catch {
                _exit((error as? ExitCode)?.rawValue ?? 70)
            }
        } else {
            await Keyfob.main()
        }
    }
}

/// `keyfob COMMAND`: for users, for editors, and for requests that git-credential-keyfob cannot answer by itself.
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
