import ArgumentParser
import Console
import CredentialProtocol
import Dialects
import FoundationEssentials
import Glibc
import KeyfobCore
import Secrets

struct TokenCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "token", abstract: "Print an access token for a URL, for scripts and editors.")

    @Argument(help: "The URL of the service.", completion: .services)
    var url: String

    @Option(help: "What to print: token, header, json, curl, env or xoauth2.")
    var format: TokenFormat = .token

    @OptionGroup var wanted: TokenOptions

    @Option(help: "The owner of the mailbox, for xoauth2.")
    var user: String?

    @Flag(help: "Read a token that the service has rejected from standard input, and print another one.")
    var reject = false

    @Flag(help: "Print the token even if standard output is a terminal.")
    var show = false

    func validate() throws {
        if (format == .xoauth2) != (user != nil) {
            throw ValidationError(
                "--user and --format xoauth2 need each "
                    + "other.")
        }
        if let user, user.isEmpty || user.utf8.contains(where: { $0 < 0x20 || $0 == 0x7F }) {
            throw ValidationError("--user takes the name of a mailbox.")
        }
    }

    func run() async throws {
        do {
            try await print()
        } catch {
            let report = Report(error, about: url, options: wanted.hinted)
            throw format == .json ? ErrorObject(report).print() : report.print()
        }
    }

    private func print() async throws {
        guard show || isatty(STDOUT_FILENO) == 0 else { throw TokenInSight() }
        let refused = reject ? StandardInput.readSecret() : nil
        let response = try await wanted.token(for: url, refused: refused)
        try StandardOutput.write(format.encode(response, user: user))
    }
}

/// The requirements for a token that a caller of `token` or `exec` can set.
struct TokenOptions: ParsableArguments {
    @Option(name: .customLong("min-ttl"), help: "The least number of seconds for which the token must still be valid.")
    var minTTL: Int?

    @Option(name: .customLong("scope"), help: "A scope that the token must have; may be repeated.")
    var scopes: [String] = []

    @Option(help: "The WWW-Authenticate field with which the service rejected the last token.")
    var challenge: String?

    @Option(help: "Whether keyfob may ask you to sign in: never, auto or always.")
    var interaction: InteractionName?

    @Option(help: "Which of your accounts at the service.", completion: .accounts)
    var account: String?

    @OptionGroup var verbosity: Verbosity

    func validate() throws {
        if let minTTL, !(0...86_400).contains(minTTL) {
            throw ValidationError("--min-ttl takes a number of seconds from 0 to 86400.")
        }
        if let challenge, !challenge.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7F || $0 == 0x09 }) {
            throw ValidationError("--challenge takes the value of one header field.")
        }
    }

    /// The options that a hint repeats.
    var hinted: [String] {
        HintedCommand.option("--account", account) + scopes.scopeTokens.flatMap { HintedCommand.option("--scope", $0) }
    }

    /// Returns an access token for a URL. A stored password is no token.
    ///
    /// - Parameter refused: a token that the service has refused. keyfob deletes it first.
    func token(for url: String, refused: Secret? = nil) async throws -> CredentialResponse {
        let composition = Composition(
            account: account, interaction: interaction?.value, isVerbose: verbosity.isOn)
        return try await composition.attempt { helper, configuration in
            var request = try CredentialRequest(url: url)
            request.minTTL = minTTL
            request.scope = scopes.scopeTokens
            request.wwwauth = challenge.map { [$0] } ?? []
            if let refused {
                var request = request
                request.password = refused
                try await helper.erase(request)
            }
            guard let answer = try await helper.get(request), let account = answer.account else {
                // The lost list may have had this service.
                try configuration.refuseUnreadableApprovals()
                throw NoCredential(request: request)
            }
            composition.noteRoute(request, account, configuration)
            return answer.response
        }
    }
}

/// The token would be visible to other people at the terminal.
struct TokenInSight: Error {}

/// An error for programs: one line on standard error.
private struct ErrorObject: Encodable {
    var error: Content

    struct Content: Encodable {
        var code: String
        var message: String
        var hints: [String]
        var status: Int32
    }

    init(_ failure: Report) {
        error = Content(
            code: failure.code.rawValue, message: failure.message, hints: failure.hints, status: failure.status)
    }

    /// - Returns: the error that ends the process with the status.
    func print() -> ExitCode {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        let data = (try? encoder.encode(self)) ?? Data()
        Terminal.write(String(decoding: data, as: UTF8.self) + "\n")
        return ExitCode(error.status)
    }
}

extension TokenFormat: ExpressibleByArgument {}
