import ArgumentParser
import Console
import CredentialProtocol
import Files
import Glibc
import KeyfobCore

/// Shows the configuration files, or the settings for a URL and their sources.
struct Config: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "config",
        abstract: "Show the configuration files, or the settings for a URL and the source of each.",
        discussion: "If a service is not configured, keyfob asks the service for its authorization server.")

    @Argument(help: "The URL of a service.", completion: .services)
    var url: String?

    @Flag(help: "Print one JSON object (protocol.md) instead of text for people.")
    var json = false

    /// Prints the table of all keys, which README.md and keyfob-config(5) contain.
    @Flag(help: .hidden)
    var keys = false

    func run() async throws {
        if keys { return try StandardOutput.write(Array(Configuration.keyTable.utf8)) }
        let composition = Composition(account: nil, interaction: .never)
        try await composition.runWithParts { parts in
            guard let url else {
                let files = ConfigurationFiles()
                return try StandardOutput.write(json ? JSONText.bytes(files) : Self.lines(files.lines))
            }
            let request = try CredentialRequest(url: url)
            let (account, finding) = try await parts.serviceApproval.accountByName(for: request, anew: false)
            let configuration = parts.accounts.configuration
            let host = request.url.flatMap { configuration.host(for: $0) }
            let holds = EffectiveSettings(for: account, in: configuration, as: host, found: finding)
            try StandardOutput.write(json ? JSONText.bytes(holds) : Self.lines(holds.lines))
        }
    }

    private static func lines(_ lines: [String]) -> [UInt8] {
        Array((lines.joined(separator: "\n") + "\n").utf8)
    }
}

/// The configuration files in order of priority.
private struct ConfigurationFiles: Encodable {
    struct File: Encodable {
        var file: String
        var exists: Bool
    }

    let files = Environment.configurationFiles.map { File(file: $0, exists: Paths.isReadable($0)) }

    var lines: [String] { files.map { Messages.whole($0.file) + ($0.exists ? "" : "  (absent)") } }
}
