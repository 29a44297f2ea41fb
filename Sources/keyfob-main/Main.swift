import ArgumentParser
import CredentialProtocol
import Dialects
import Files
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
        // The door's arguments for git are not parsed: that would take as long as the answer. The process exits at once,
        // because the cleanup of libraries and threads takes 2 ms.
        if arguments.count == 4, arguments[2] == "--dialect", arguments[3] == GitDialect.name,
            Operation(rawValue: arguments[1]) != nil
        {
            _exit(await serve(Exchange(GitDialect.self), [arguments[1]]))
        }
        await Keyfob.main()
    }
}

/// `keyfob COMMAND`: for users and scripts, and for the questions that the doors do not answer.
struct Keyfob: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "keyfob",
        abstract: "A valid token for a URL: sign in once, in your own browser.",
        discussion: "git asks through git-credential-keyfob: git config --global credential.helper keyfob",
        version: Front.version,
        subcommands: [
            Get.self, Store.self, Erase.self, Login.self, Logout.self, TokenCommand.self, Exec.self, Headers.self,
            Goauth.self, Status.self, Config.self, Doctor.self, SetupCommand.self, Import.self, Export.self,
        ])
}
