import ArgumentParser
import Console
import CredentialProtocol
import KeyfobCore
import OAuth

struct Login: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Sign in to a service now.")

    @Argument(help: "The URL of the service.", completion: .services)
    var url: String

    @Option(help: "How to sign in: loopback, device or paste.")
    var flow: Account.Flow?

    @Option(help: "Which of your accounts at the service.", completion: .accounts)
    var account: String?

    @Option(name: .customLong("scope"), help: "A scope to request in addition to the configured ones; may be repeated.")
    var scopes: [String] = []

    @Option(name: .customLong("client-id"), help: "The id of a client that you have registered.")
    var clientID: String?

    @Flag(
        name: .customLong("client-secret"),
        help: "Read that client's secret, if the server requires one, from standard input and store it in the keyring.")
    var readsClientSecret = false

    @Flag(help: "Sign in again even if the current sign-in still works.")
    var force = false

    @Flag(name: .customLong("register"), help: "Register keyfob again with the authorization server, then sign in.")
    var registersAnew = false

    @OptionGroup var verbosity: Verbosity

    func validate() throws {
        if registersAnew, clientID != nil { throw ValidationError("--register cannot be used with --client-id.") }
        if readsClientSecret, clientID == nil { throw ValidationError("--client-secret needs --client-id.") }
    }

    func run() async throws {
        let composition = Composition(
            account: account, interaction: .always, isLogin: true, readsStandardInput: !readsClientSecret,
            isVerbose: verbosity.isOn)
        try await composition.runWithParts { parts in
            var request = try CredentialRequest(url: url)
            request.scope = scopes
            let (serviceApproval, tokens) = (parts.serviceApproval, parts.tokens)
            var (account, finding) = try await serviceApproval.accountByName(for: request, anew: force)
            sayWhere(account, finding)
            if let finding { try await serviceApproval.confirmNearness(of: finding) }
            var approval = finding?.host
            if approval != nil || clientID != nil {
                try serviceApproval.prepareApproval(of: approval ?? Configuration.Host(service: account.service))
            }
            if let clientID {
                approval = approval ?? serviceApproval.approved(account.service)
                let secret = readsClientSecret ? try await ClientSecret.read() : nil
                composition.use(clientID, secret, for: &account, &approval)
            }
            account.flow = flow ?? account.flow
            account.approval = approval
            let token =
                force || !scopes.isEmpty || clientID != nil || registersAnew
                ? try await tokens.signInAnew(
                    to: account, keepsScopes: !scopes.isEmpty, registersAnew: registersAnew)
                : try await tokens.token(of: account, for: request)
            if let approval { try serviceApproval.approve(approval) }
            let grant = try? composition.grants.grant(account: account.id)
            if clientID != nil { try composition.keepSecret(ofClientOf: account, grant) }
            Terminal.say(Messages.signedIn(account.service, grant, token))
            if let whole = finding?.claimedService, whole != account.service {
                Terminal.hint(Messages.onlyThatPath(account.service, of: whole))
            }
        }
    }

    /// Tells the user, before the browser opens, if the authorization server is on another origin than the service.
    private func sayWhere(_ account: Account, _ finding: ServerFinder.Finding?) {
        guard finding != nil, case .issuer(let issuer, _, _) = account.server else { return }
        Terminal.say(Messages.names(account.service, issuer))
    }
}

extension Account.Flow: ExpressibleByArgument {}
