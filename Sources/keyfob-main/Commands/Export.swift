import ArgumentParser
import Console
import CredentialProtocol
import Glibc
import KeyfobCore

struct Export: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "export",
        abstract: "Print your configuration and your approvals, without secrets, for another machine.")

    @Flag(name: .customLong("config"), help: "Print the configuration. Nothing else can be exported.")
    var printsConfiguration = false

    func validate() throws {
        guard printsConfiguration else {
            throw ValidationError("Give --config: keyfob exports no passwords or tokens.")
        }
    }

    func run() async throws {
        do {
            let export = try ConfigurationExport(files: Environment.configurationFiles)
            try StandardOutput.write(Array(export.text.utf8))
            for path in export.machineFiles {
                Terminal.hint(
                    "copy \(Messages.whole(path)) to the other machine, too, or remove the line "
                        + "that names it")
            }
        } catch {
            throw Report(error).print()
        }
    }
}
