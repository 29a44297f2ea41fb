import ArgumentParser
import Glibc

/// `keyfob COMMAND`: the door for people, for editors, and for what git-credential-keyfob cannot answer alone.
@main
struct Keyfob: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "keyfob",
        abstract: "A valid token for a URL: sign in once, in your own browser.",
        discussion: "git asks through git-credential-keyfob: git config --global credential.helper keyfob",
        version: "0.1.0",
        subcommands: [
            Get.self, Store.self, Erase.self, Login.self, Logout.self, TokenCommand.self, Status.self,
        ])
}
