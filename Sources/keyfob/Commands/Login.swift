import ArgumentParser
import CredentialProtocol
import Glibc
import KernelKeyring
import KeyfobCore
import OAuth
import Secrets

struct Login: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Sign in to a service now.")

    @Argument(help: "The URL of the service.")
    var url: String

    @Option(help: "How to sign in: loopback, device or paste.")
    var flow: Account.Flow?

    @Option(help: "Which of several accounts at the service.")
    var account: String?

    @Option(name: .customLong("scope"), help: "A scope to ask for beside those configured; may be repeated.")
    var scopes: [String] = []

    @Option(name: .customLong("client-id"), help: "The id of a client that you have registered for yourself.")
    var clientID: String?

    @Flag(
        name: .customLong("client-secret"),
        help: "Read that client's secret, if the server insists on one, from standard input; it goes to the keyring.")
    var readsClientSecret = false

    @Flag(help: "Sign in anew even where there is a sign-in that still works.")
    var force = false

    func validate() throws {
        if readsClientSecret, clientID == nil { throw ValidationError("--client-secret goes with --client-id.") }
    }

    func run() async throws {
        let composition = Composition(account: account, interaction: .always, readsStandardInput: !readsClientSecret)
        try await composition.runWithTokens { _, tokens in
            var request = try CredentialRequest(url: url)
            request.scope = scopes
            guard let service = request.url, service.scheme == "https" || service.isLoopback else {
                throw NotAService(url: url)
            }
            let introduction = try composition.introduction()
            var (account, finding) = try await introduction.accountByName(for: request, anew: force)
            if let clientID { try use(clientID, for: &account, &finding, composition) }
            account.flow = flow ?? account.flow
            sayWhere(account, finding)
            let token =
                force || !scopes.isEmpty || clientID != nil
                ? try await tokens.signInAnew(to: account, keepsScopes: !scopes.isEmpty)
                : try await tokens.token(of: account, for: request)
            if let finding { try introduction.approve(finding) }
            Terminal.say("signed in to \(account.service)\(Self.until(token))")
        }
    }

    /// Who signs in at an authorization server on another origin than the service shall know it before the browser opens.
    private func sayWhere(_ account: Account, _ finding: ServerFinder.Finding?) {
        guard finding != nil, case .issuer(let issuer, _, _) = account.server else { return }
        Terminal.say("\(account.service) names \(Words.printable(issuer)) as its authorization server")
    }

    /// Makes a person's own client that of the account, and keeps it for the next time.
    private func use(
        _ id: String, for account: inout Account, _ finding: inout ServerFinder.Finding?, _ composition: Composition
    ) throws {
        let secret = readsClientSecret ? StandardInput.readSecret() : nil
        account.client = Client(id: id, secret: secret, authentication: secret == nil ? .none : .basic)
        if let client = account.client, secret != nil {
            try composition.registrations.save(
                ClientRegistration(
                    issuer: account.server.identifier, client: client, redirectURIs: [], isByPerson: true))
        }
        var host = finding?.host ?? Configuration.Host(service: account.service)
        host.clientID = id
        if finding == nil, case .issuer = account.server { host.server = account.server }
        finding = ServerFinder.Finding(host: host, steps: finding?.steps ?? [])
    }

    private static func until(_ token: CachedAccessToken) -> String {
        guard let expiresAt = token.expiresAt else { return "" }
        return ", the access token lasts \(Words.span(expiresAt - Int64(time(nil))))"
    }
}

extension Account.Flow: ExpressibleByArgument {}
