import ArgumentParser
import Console
import CredentialProtocol
import Glibc
import KeyfobCore

struct Export: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Print a configuration for another machine: what you wrote and what you approved, and no secret.")

    @Flag(name: .customLong("config"), help: "Print the configuration, which is all that leaves this machine.")
    var printsConfiguration = false

    func validate() throws {
        guard printsConfiguration else {
            throw ValidationError("Give --config: no passwords or tokens are exported.")
        }
    }

    func run() async throws {
        do {
            let export = try ConfigurationExport(files: Environment.configurationFiles)
            try StandardOutput.write(Array(export.text.utf8))
            for path in export.machineFiles {
                Terminal.hint("the other machine needs \(Messages.printable(path)), too, or not that line")
            }
        } catch {
            throw Report(error).print()
        }
    }
}
