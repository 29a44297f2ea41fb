import ArgumentParser
import CredentialProtocol
import Dialects
import KeyfobCore

struct TokenCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "token", abstract: "Print an access token for a URL, for scripts and editors.")

    @Argument(help: "The URL of the service.")
    var url: String

    @Option(help: "What to print: token, header or json.")
    var format: TokenFormat = .token

    @Option(name: .customLong("min-ttl"), help: "The seconds of life that the token must have left.")
    var minTTL: Int?

    @Option(name: .customLong("scope"), help: "A scope that the token must have; may be repeated.")
    var scopes: [String] = []

    @Option(help: "The WWW-Authenticate field with which the service has refused the last token.")
    var challenge: String?

    @Option(help: "Who may be asked to sign in: never, auto or always.")
    var interaction: InteractionName?

    @Option(help: "Which of several accounts at the service.")
    var account: String?

    func validate() throws {
        if let minTTL, !(0...86_400).contains(minTTL) {
            throw ValidationError("--min-ttl takes a number of seconds from 0 to 86400.")
        }
        if let challenge, !challenge.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7F || $0 == 0x09 }) {
            throw ValidationError("--challenge takes the value of one header field.")
        }
    }

    func run() async throws {
        let composition = Composition(account: account, interaction: interaction?.value)
        try await composition.run { helper in
            var request = try CredentialRequest(url: url)
            request.minTTL = minTTL
            request.scope = scopes
            request.wwwauth = challenge.map { [$0] } ?? []
            guard let response = try await helper.get(request), response.authtype != nil else {
                throw NoCredential(request: request)
            }
            try StandardOutput.write(format.encode(response))
        }
    }
}

extension TokenFormat: ExpressibleByArgument {}
