import ArgumentParser
import Console
import CredentialProtocol
import Files
import Glibc
import KeyfobCore

/// Where the configuration is; what holds for a URL, and why.
struct Config: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Show where the configuration is, or what holds for a URL and which line says so.",
        discussion: "For a service that nobody configured it asks the service for its authorization server.")

    @Argument(help: "The URL of a service.", completion: .services)
    var url: String?

    @Flag(help: "Print one JSON object (protocol.md) instead of lines for people.")
    var json = false

    func run() async throws {
        let composition = Composition(account: nil, interaction: .never)
        try await composition.runWithParts { parts in
            guard let url else {
                let files = ConfigurationFiles()
                return try StandardOutput.write(json ? JSONText.bytes(files) : Self.lines(files.lines))
            }
            let request = try CredentialRequest(url: url)
            let (account, finding) = try await parts.serviceApproval.accountByName(for: request, anew: false)
            let host = request.url.flatMap { parts.accounts.configuration.host(for: $0) }
            let holds = EffectiveSettings(for: account, as: host, found: finding)
            try StandardOutput.write(json ? JSONText.bytes(holds) : Self.lines(holds.lines))
        }
    }

    private static func lines(_ lines: [String]) -> [UInt8] {
        Array((lines.joined(separator: "\n") + "\n").utf8)
    }
}

/// The configuration files in the order of their precedence.
private struct ConfigurationFiles: Encodable {
    struct File: Encodable {
        var file: String
        var exists: Bool
    }

    let files = Environment.configurationFiles.map { File(file: $0, exists: Paths.isReadable($0)) }

    var lines: [String] { files.map { Messages.printable($0.file) + ($0.exists ? "" : "  (absent)") } }
}
