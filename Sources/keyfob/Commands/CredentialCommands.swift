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
        if case .caller = dialect { return }
        if let word = words.first { throw ValidationError("Unexpected argument '\(word)'") }
    }

    /// Answers the request.
    func run(_ operation: Operation) async throws {
        switch dialect {
        case .line: try await exchange(LineDialect(), isForGit: false).run(operation)
        case .git: try await exchange(GitDialect(), isForGit: true).run(operation)
        case .caller(let dialect):
            let arguments = [operation.rawValue] + words
            try await CallerExchange(dialect, arguments, account: account, interaction: interaction?.value).runToExit()
        }
    }

    private func exchange(_ dialect: any Dialect, isForGit: Bool) -> CredentialExchange {
        CredentialExchange(
            dialect: dialect,
            composition: Composition(
                account: account, interaction: interaction?.value, notesRoutes: isForGit && account == nil,
                isForGit: isForGit, isVerbose: verbosity.isOn))
    }

    /// `line`, `git`, or the name of a caller.
    enum DialectName: ExpressibleByArgument {
        case line
        case git
        case caller(any CallerDialect.Type)

        init?(argument: String) {
            switch argument {
            case "line": self = .line
            case "git": self = .git
            default:
                guard let dialect = Dialects.named(argument) else { return nil }
                self = .caller(dialect)
            }
        }

        var defaultValueDescription: String { "line" }

        static var allValueStrings: [String] { ["line", "git"] + Dialects.all.map { $0.name } }

        static var defaultCompletionKind: CompletionKind { .list(allValueStrings) }
    }
}

struct Get: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Answer a request on standard input with a credential (protocol.md).")

    @OptionGroup var options: CredentialOptions

    func run() async throws { try await options.run(.get) }
}

struct Store: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Store the credential on standard input, which the service has accepted.")

    @OptionGroup var options: CredentialOptions

    func run() async throws { try await options.run(.store) }
}

struct Erase: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Delete the credential on standard input, which the service has rejected.")

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
