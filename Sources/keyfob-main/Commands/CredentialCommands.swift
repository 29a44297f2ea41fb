import Addresses
import ArgumentParser
import CredentialProtocol
import Dialects
import KeyfobCore

/// The arguments and options of `get`, `store` and `erase`.
struct CredentialOptions: ParsableArguments {
    @Option(help: "The caller's dialect: line (protocol.md), git, or another caller's (protocol.md, appendix).")
    var dialect = DialectName.line

    @Option(help: "Which of your accounts at the service.", completion: .accounts)
    var account: String?

    @Option(help: "Whether keyfob may ask you to sign in: never, auto or always.")
    var interaction: InteractionName?

    @OptionGroup var verbosity: Verbosity

    @Argument(help: "Further arguments of some callers' dialects: a URL, a host.")
    var words: [String] = []

    func validate() throws {
        guard [LineDialect.name, GitDialect.name].contains(dialect.type.name), let word = words.first else { return }
        throw ValidationError("Unexpected argument '\(word)'")
    }

    /// Answers the request.
    func run(_ operation: Operation) async throws {
        let exchange = Exchange(
            dialect.type, account: account, interaction: interaction?.value, isVerbose: verbosity.isOn)
        try await Main.serveToExit(exchange, [operation.rawValue] + words)
    }

    /// The name of a dialect.
    struct DialectName: ExpressibleByArgument {
        var type: any Dialect.Type

        static let line = DialectName(type: LineDialect.self)

        init(type: any Dialect.Type) { self.type = type }

        init?(argument: String) {
            guard let dialect = Dialects.named(argument) else { return nil }
            type = dialect
        }

        var defaultValueDescription: String { type.name }

        static var allValueStrings: [String] { Dialects.all.map { $0.name } }

        static var defaultCompletionKind: CompletionKind { .list(allValueStrings) }
    }
}

struct Get: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "get", abstract: "Answer a request on standard input with a credential (protocol.md).")

    @OptionGroup var options: CredentialOptions

    func run() async throws { try await options.run(.get) }
}

struct Store: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "store", abstract: "Store the credential on standard input, which the service has accepted.")

    @OptionGroup var options: CredentialOptions

    func run() async throws { try await options.run(.store) }
}

struct Erase: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "erase", abstract: "Delete the credential on standard input, which the service has rejected.")

    @OptionGroup var options: CredentialOptions

    func run() async throws { try await options.run(.erase) }
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
