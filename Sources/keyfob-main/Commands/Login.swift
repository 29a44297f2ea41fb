import ArgumentParser
import Console
import CredentialProtocol
import KeyfobCore
import OAuth
import Secrets

struct Login: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "login", abstract: "Sign in to a service now.")

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

    @Option(help: "Where to keep the sign-in: keyring, memory or auto.")
    var store: StoreSetting?

    @OptionGroup var verbosity: Verbosity

    func validate() throws {
        if registersAnew, clientID != nil { throw ValidationError("--register cannot be used with --client-id.") }
        if readsClientSecret, clientID == nil { throw ValidationError("--client-secret needs --client-id.") }
    }

    func run() async throws {
        if Environment.variable("KEYFOB_INTERACTION") == Interaction.never.rawValue {
            throw Report(
                "KEYFOB_INTERACTION=never forbids a sign-in",
                hint: "unset KEYFOB_INTERACTION; a script that needs a token runs keyfob token", status: 77
            ).print()
        }
        let composition = Composition(
            account: account, interaction: .always, isLogin: true, readsStandardInput: !readsClientSecret,
            store: store, isVerbose: verbosity.isOn)
        try await composition.runWithParts(about: url, options: options) { parts in
            // An older sign-in in memory must not hide that there is no keyring.
            if store == .keyring { try composition.service.probeWritable() }
            if store != .keyring { try await composition.offerMemory(isNamed: store != nil) }
            do {
                try await signIn(composition.login(parts))
            } catch {
                throw await hinting(at: error, parts, composition)
            }
        }
    }

    private func signIn(_ login: KeyfobCore.Login) async throws {
        var request = try CredentialRequest(url: url)
        request.scope = scopes.scopeTokens
        var target = try await login.find(request, anew: force)
        sayWhere(target)
        let unused = await login.unusedGitSettings(for: request, target)
        if !unused.isEmpty { Terminal.hint(Messages.unused(unused, at: target.account.service)) }
        try await login.check(target, hasClient: clientID != nil, clientID: clientID)
        if let clientID {
            let secret = readsClientSecret ? try await ClientSecret.read() : nil
            target.use(Client(byUser: clientID, secret: secret))
        }
        target.account.flow = flow ?? target.account.flow
        let outcome = try await login.signIn(
            to: target, for: request, force: force, registersAnew: registersAnew,
            into: store)
        let service = outcome.account.service
        Terminal.say(Messages.signedIn(service, outcome.grant, outcome.token))
        if let whole = outcome.wholeService { Terminal.hint(Messages.onlyThatPath(service, of: whole)) }
    }

    /// The report of a failed sign-in. If keyfob knows nothing of a service at which a forge seems to run, the first hint says
    /// how that is set up: a client that is registered for anything else would not serve git.
    private func hinting(
        at error: any Error, _ parts: Composition.Parts, _ composition: Composition
    ) async -> any Error {
        let hasServer = if case CredentialFailure.clientNeeded = error { true } else { false }
        let transport = composition.transports.transport(trusting: nil)
        guard clientID == nil, hasServer || Self.isOfUnknownServer(error),
            let service = try? CredentialRequest(url: url).url,
            parts.accounts.configuration.host(for: service)?.provider == nil,
            let guess = await ForgeGuess.guess(service, readsMetadata: hasServer, over: transport)
        else { return error }
        var report = Report(error, about: url, options: options)
        report.hints.insert(Messages.setUp(guess, service), at: 0)
        return report
    }

    private static func isOfUnknownServer(_ error: any Error) -> Bool {
        switch error {
        case CredentialFailure.notConfigured: true
        case CredentialFailure.serverNotFound(_, let error): !error.isTransient
        case let error as OAuthError: if case .metadataNotFound = error { !error.isTransient } else { false }
        default: false
        }
    }

    /// The options that a hint repeats.
    private var options: [String] {
        let words =
            (readsClientSecret ? ["--client-secret"] : []) + (force ? ["--force"] : [])
            + (registersAnew ? ["--register"] : [])
        return HintedCommand.option("--account", account) + HintedCommand.option("--flow", flow?.rawValue)
            + HintedCommand.option("--client-id", clientID) + words
            + HintedCommand.option("--store", store?.rawValue)
            + scopes.scopeTokens.flatMap { HintedCommand.option("--scope", $0) }
    }

    /// Says at which server the user signs in, before the browser opens: it may be on another origin than the service.
    private func sayWhere(_ target: KeyfobCore.Login.Target) {
        guard target.finding != nil, case .issuer(let issuer, _, _) = target.account.server else { return }
        Terminal.say(Messages.names(target.account.service, issuer))
    }
}

extension Account.Flow: ExpressibleByArgument {}
extension StoreSetting: ExpressibleByArgument {}

extension [String] {
    /// The scopes in the values of `--scope`, each once: people also write several into one value, as in `scope`.
    var scopeTokens: [String] {
        reduce(into: []) { known, value in
            for scope in value.utf8.split(separator: UInt8(ascii: " ")).map({ String(decoding: $0, as: UTF8.self) })
            where !known.holdsSame(as: scope) { known.append(scope) }
        }
    }
}
