import ArgumentParser
import CredentialProtocol
import KeyfobCore

/// What `get`, `store` and `erase` take on the command line.
struct CredentialOptions: ParsableArguments {
    @Option(help: "The caller's dialect: line (protocol.md) or git.")
    var dialect = DialectName.line

    @Option(help: "Which of several accounts at the service.")
    var account: String?

    @Option(help: "Who may be asked to sign in: never, auto or always.")
    var interaction: InteractionName?

    enum DialectName: String, ExpressibleByArgument, CaseIterable {
        case line, git

        var dialect: any Dialect {
            switch self {
            case .line: LineDialect()
            case .git: GitDialect()
            }
        }
    }

    var exchange: CredentialExchange {
        CredentialExchange(
            dialect: dialect.dialect,
            composition: Composition(
                account: account, interaction: interaction?.value, notesRoutes: dialect == .git && account == nil))
    }
}

struct Get: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Answer a request on standard input with a credential (protocol.md).")

    @OptionGroup var options: CredentialOptions

    func run() async throws { try await options.exchange.run(.get) }
}

struct Store: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Keep the credential on standard input, which the service has accepted.")

    @OptionGroup var options: CredentialOptions

    func run() async throws { try await options.exchange.run(.store) }
}

struct Erase: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Forget the credential on standard input, which the service has refused.")

    @OptionGroup var options: CredentialOptions

    func run() async throws { try await options.exchange.run(.erase) }
}

/// `never`, `auto` or `always` on the command line.
enum InteractionName: String, ExpressibleByArgument, CaseIterable {
    case never, auto, always

    var value: Interaction {
        switch self {
        case .never: .never
        case .auto: .auto
        case .always: .always
        }
    }
}

extension CredentialRequest {
    /// The request for a URL from the command line.
    ///
    /// - Throws: `CredentialFailure.notAService` where it is not one that keyfob can serve.
    init(url: String) throws {
        let request = try? LineDialect().decode(Array("url=\(url)\n".utf8), for: .get)
        guard let request, let service = request.url, service.scheme == "https" || service.isLoopback
        else { throw CredentialFailure.notAService(url: url) }
        self = request
    }
}
