import ArgumentParser
import CredentialProtocol
import KeyfobCore
import SecretService

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

    var composition: Composition {
        Composition(account: account, interaction: interaction?.value, notesRoutes: dialect == .git && account == nil)
    }

    /// Reads the request from standard input and runs `body` on it; ends the process as the protocol wants.
    func run(
        _ operation: Operation,
        _ body: (CredentialRequest, any Dialect, CredentialHelper) async throws -> [UInt8]?
    ) async throws {
        let dialect = dialect.dialect
        try await composition.run { helper in
            let request = try dialect.decode(StandardInput.readRequest(), for: operation)
            do {
                if let answer = try await body(request, dialect, helper) { return try StandardOutput.write(answer) }
            } catch let error as SecretServiceError where dialect.silentWhenNotOurs && operation == .get {
                // Without a provider nobody can say that the host is ours: then git is told nothing at all.
                guard error.isAbsence else { throw error }
                throw Silence(status: FailureReport(error).status)
            }
            if operation == .get, !dialect.silentWhenNotOurs { throw NoCredential(request: request) }
        }
    }
}

struct Get: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Answer a request on standard input with a credential (protocol.md).")

    @OptionGroup var options: CredentialOptions

    func run() async throws {
        try await options.run(.get) { request, dialect, helper in
            guard let response = try await helper.get(request) else { return nil }
            return try dialect.encode(response, for: request)
        }
    }
}

struct Store: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Keep the credential on standard input, which the service has accepted.")

    @OptionGroup var options: CredentialOptions

    func run() async throws {
        try await options.run(.store) { request, _, helper in
            try await helper.store(request)
            return nil
        }
    }
}

struct Erase: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Forget the credential on standard input, which the service has refused.")

    @OptionGroup var options: CredentialOptions

    func run() async throws {
        try await options.run(.erase) { request, _, helper in
            try await helper.erase(request)
            return nil
        }
    }
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

extension SecretServiceError {
    /// Whether there is no Secret Service at all, as in a CI job or a container.
    fileprivate var isAbsence: Bool {
        switch self {
        case .noBus, .noProvider: true
        default: false
        }
    }
}

extension CredentialRequest {
    /// The request for a URL from the command line.
    ///
    /// - Throws: a usage error where it is not one.
    init(url: String) throws {
        do {
            self = try LineDialect().decode(Array("url=\(url)\n".utf8), for: .get)
        } catch {
            throw ValidationError("'\(Words.printable(url))' is not a URL that keyfob can serve: https, or http on a loopback host.")
        }
    }
}
