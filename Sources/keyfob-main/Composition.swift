import Addresses
import ArgumentParser
import Console
import CredentialProtocol
import Doctor
import Doors
import FoundationEssentials
import Glibc
import KernelKeyring
import KeyfobCore
import OAuth
import Processes
import SecretService

/// The composition root: the only place that creates all parts of the program and connects them.
struct Composition: Sendable {
    let account: String?
    let interaction: Interaction?
    let isForGit: Bool
    let isLogin: Bool
    let readsStandardInput: Bool
    let machine: String?
    let tracer: Tracer
    let transports: Transports
    let service: any ItemStore
    let store: StoreChoice
    let items: ChosenItems
    let grants: GrantStore
    let cache: TieredAccessTokenCache
    let lock: AccountLock

    /// - Parameters:
    ///   - account: the account named on the command line.
    ///   - interaction: the value on the command line, if any.
    ///   - isForGit: whether git asks. Then the settings of the current repository may forbid questions to the user.
    ///   - isLogin: whether the user ran `keyfob login`. The command itself then reports the result.
    ///   - store: the place for new sign-ins on the command line, if any.
    ///   - seesEverything: whether sign-ins in the Secret Service count even if the setting `store` is `memory`.
    ///   - isVerbose: whether the user wants to see each step.
    ///   - readsStandardInput: whether standard input belongs to the user, who may paste an address there.
    ///   - clocks: as in ``Transports``.
    ///   - machine: the other machine that asks, if any. A question to the user names it instead of a program.
    init(
        account: String?, interaction: Interaction?, isForGit: Bool = false,
        isLogin: Bool = false, readsStandardInput: Bool = false, store: StoreSetting? = nil,
        seesEverything: Bool = false, isVerbose: Bool = false,
        clocks: ServerClocks? = nil, machine: String? = nil
    ) {
        tracer = TraceOutput.tracer(isVerbose: isVerbose)
        _ = Caller.chain
        self.account = account
        self.interaction = interaction
        self.isForGit = isForGit
        self.isLogin = isLogin
        self.readsStandardInput = readsStandardInput
        self.machine = machine
        transports = Transports(tracer: tracer, clocks: clocks)
        let policy = try? Self.policy(interaction, configuration: nil)  // `parts()` reports an invalid value
        // The keyring's own prompt is a window. It needs a graphical session, and a caller that allows questions.
        let hasWindows = ["DISPLAY", "WAYLAND_DISPLAY"].contains { Environment.variable($0)?.isEmpty == false }
        let mode =
            interaction ?? policy?.fromEnvironment ?? (try? Environment.configuration())?.interaction ?? .auto
        let lock = AccountLock(
            directory: Environment.runtimeDirectory, isAbandoned: { Caller.isGone(isUser: isLogin) },
            waits: {
                if isLogin || Terminal.isStandardError {
                    Terminal.say(Messages.waiting(for: $0, now: Int64(time(nil))))
                }
            })
        self.lock = lock
        let consent = KeyringConsent(lock: lock, quiet: .inKernelMemory(now: { Int64(time(nil)) })) { [tracer] in
            DesktopCall.show($0, for: machine, within: $1, isGivenUp: $2, tracer)
        }
        let keyring = SecretService(
            mayPrompt: mode == .always || (mode == .auto && hasWindows && policy?.callerDeclined == false),
            consent: mode == .auto && policy?.reachesDesktopAlone() == true ? consent.beforeWindow : nil,
            notice: { Terminal.say(Messages.waiting(for: $0)) })
        let kernel = KernelAccessTokenCache()
        let choice = StoreChoice(
            named: store,
            read: {
                let setting = try? Environment.configuration().store
                return setting == .memory && seesEverything ? .auto : setting
            })
        self.store = choice
        items = ChosenItems(
            keyring: Self.traced(keyring, "keyring", tracer),
            memory: Self.traced(KernelItems(), "kernel items", tracer), choice: choice)
        let service: any ItemStore = items
        self.service = service
        grants = GrantStore(items: service, journal: .inKernelMemory(isOurs: { lock.isKnown($0) }))
        cache = TieredAccessTokenCache(
            first: TracedAccessTokenCache(kernel, name: "kernel memory", tracer),
            second: SessionAccessTokenCache(items: service),
            firstIsUsable: { KernelAccessTokenCache.isUsable })
    }

    private static func traced(_ items: some ItemStore, _ place: String, _ tracer: Tracer) -> any ItemStore {
        tracer.isOn ? TracedItems(items, place: place, tracer) : items
    }

    /// Asks the user of a machine without a Secret Service whether kernel memory may keep sign-ins, and writes a yes down.
    /// Asks nothing if a setting has decided it, or if there is no terminal.
    ///
    /// - Parameter isNamed: whether the user named kernel memory on the command line. That is a yes.
    func offerMemory(isNamed: Bool) async throws {
        guard let approvals, try Environment.configuration().store == nil, items.keyringIsMissing else { return }
        if !isNamed {
            guard let life = KernelItems().lifetime, Terminal.isThere,
                try await Terminal.confirms(Messages.offerOfMemory(life))
            else { return }
            store.use(.auto)
        }
        // A choice that cannot be kept is not written down.
        try KernelItems().probeWritable()
        try approvals.keep(.auto)
        if isNamed { Terminal.say(Messages.memoryFromNowOn) }
    }

    /// Ends sign-ins.
    var signOut: SignOut {
        SignOut(
            grants: grants, cache: cache, lock: lock, registrations: registrations, approvals: approvals,
            hasNoKeyring: (try? Environment.configuration().store) == .memory)
    }

    /// The use case of `keyfob login`.
    func login(_ parts: Parts) -> KeyfobCore.Login {
        KeyfobCore.Login(
            serviceApproval: parts.serviceApproval, tokens: parts.tokens, grants: grants, registrations: registrations)
    }

    /// The use case of `keyfob logout`.
    func logout(_ parts: Parts) -> KeyfobCore.Logout {
        KeyfobCore.Logout(
            accounts: parts.accounts, signOut: signOut, transport: { [transports] in transports.transport(for: $0) },
            transportOfForgotten: { [transports] in transports.transport(forgottenServerOf: $0) })
    }

    /// The clients that keyfob has registered.
    var registrations: RegistrationStore { RegistrationStore(items: service) }

    /// The services that the user has approved.
    var approvals: Approvals? { Environment.approvalsFile.map { Approvals(file: $0) } }

    /// The parts of one run, all created from one reading of the configuration.
    struct Parts {
        let accounts: AccountDirectory
        let tokens: OAuthTokenSource
        let serviceApproval: ServiceApproval
    }

    /// Finds the authorization server of a service. A service may not point to this machine or its network, unless the
    /// service itself is there.
    private static func finder(
        _ host: Configuration.Host?, _ service: ServiceURL, _ transports: Transports, _ tracer: Tracer
    ) -> ServerFinder {
        let transport = transports.transport(trusting: host?.certificateAuthorityFile)
        return ServerFinder(
            transport: ReachingTransport(transport, reach: .asPublicAs(Reach.Resource(service))),
            reach: { try await transports.reach(neededFor: $0, of: $1) }, note: { tracer.note($0) })
    }

    /// Runs `body` with the credential helper and the configuration. Throws its errors.
    func attempt<Result>(
        _ body: (CredentialHelper, Configuration) async throws -> Result
    ) async throws -> Result {
        do {
            let parts = try parts()
            let result = try await body(helper(parts), parts.accounts.configuration)
            await transports.shutdown()
            return result
        } catch {
            await transports.shutdown()
            throw error
        }
    }

    private func helper(_ parts: Parts) -> CredentialHelper {
        CredentialHelper(
            accounts: parts.accounts, passwords: PasswordStore(items: service, paths: isForGit ? .git : .exact),
            tokens: parts.tokens, serviceApproval: parts.serviceApproval)
    }

    /// Runs `body` with the parts below the helper, and ends the process with a report on standard error if it fails.
    ///
    /// - Parameters:
    ///   - url: the service that the user named, for the hints of the report.
    ///   - options: the options that the user gave, which its hints repeat (``HintedCommand``).
    func runWithParts(
        about url: String? = nil, options: [String] = [], _ body: (Parts) async throws -> Void
    ) async throws {
        do {
            try await body(try parts())
            await transports.shutdown()
        } catch {
            await transports.shutdown()
            var report = Report(error, about: url, options: options)
            if case CredentialFailure.notConfigured(let service) = error, let way = wayBack(to: service) {
                report.hints.insert(way, at: 0)
            }
            throw report.print()
        }
    }

    /// Whether git asks no other helper after keyfob for `service`. If git gives no answer, it may.
    func isLastHelper(for service: ServiceURL?) -> Bool {
        guard let chain = try? Self.git(tracer).helpers(for: service) else { return false }
        return chain.helpers.last?.kind == .keyfob && !chain.mayHaveMore
    }

    private static func git(_ tracer: Tracer) -> GitConfigCommand {
        GitConfigCommand(
            search: ExecutableSearch(path: Environment.variable("PATH")), environment: Environment.environment,
            tracer: tracer)
    }

    /// Reads the configuration and creates the parts.
    func parts() throws(ConfigurationError) -> Parts {
        let search = ExecutableSearch(path: Environment.variable("PATH"))
        let git = Self.git(tracer)
        let account = account
        let read: @Sendable () throws(ConfigurationError) -> AccountDirectory = { () throws(ConfigurationError) in
            AccountDirectory(
                configuration: try Environment.configuration(), accountName: account,
                gitSettings: { try git.settings(for: $0) })
        }
        let accounts = try read()
        let policy = try Self.policy(interaction, configuration: accounts.configuration.interaction)
        return Parts(
            accounts: accounts, tokens: tokens(policy, git, search),
            serviceApproval: serviceApproval(accounts, reread: read, policy, git))
    }

    private func serviceApproval(
        _ accounts: AccountDirectory, reread: @escaping @Sendable () throws -> AccountDirectory,
        _ policy: InteractionPolicy, _ git: GitConfigCommand
    ) -> ServiceApproval {
        let (transports, tracer) = (transports, tracer)
        return ServiceApproval(
            accounts: accounts, reread: reread, approvals: approvals, lock: lock, interaction: policy,
            gitDeclines: { [isForGit] in git.declinesInteraction(for: $0, inRepository: isForGit) },
            finder: { Self.finder($0, $1, transports, tracer) }, hasTerminal: Terminal.isThere,
            ask: { [isLogin] question in
                try await Caller.unlessGone(isUser: isLogin) {
                    try await Terminal.confirms(Messages.question(question))
                }
            })
    }

    private func tokens(
        _ policy: InteractionPolicy, _ git: GitConfigCommand, _ search: ExecutableSearch
    ) -> OAuthTokenSource {
        let activation = DesktopCall.Activation()
        let browser = BrowserLauncher(
            search: search, browser: Environment.variable("BROWSER"), environment: Environment.forChildren,
            activation: { activation.token }, portal: activation.portal, note: { [tracer] in tracer.note($0) })
        let screen = SignInScreen(
            browser: browser, readsStandardInput: readsStandardInput, saysWhoIsSignedIn: !isLogin,
            isByUser: isLogin, tracer: tracer)
        let (transports, approvals) = (transports, approvals)
        return OAuthTokenSource(
            grants: grants, cache: cache, lock: lock,
            signIn: SignIn(
                grants: grants,
                clients: ClientSource(registrations: registrations, triedForms: .inKernelMemory()) { Int64(time(nil)) },
                lock: lock, screen: screen.functions,
                place: .init(
                    hasBrowser: Environment.hasBrowser,
                    isRemote: Environment.variable("SSH_CONNECTION")?.isEmpty == false),
                now: { Int64(time(nil)) }, note: { [tracer] in tracer.note($0) }),
            transport: { transports.transport(for: $0) }, approve: { try approvals?.add($0) },
            agree: { try approvals?.agree($0, hosts: $1) },
            interaction: policy,
            desktopPrompt: DesktopPrompt(quiet: .inKernelMemory(now: { Int64(time(nil)) })) { [machine] in
                try await DesktopCall(browser: browser, tracer: tracer, machine: machine, activation: activation)
                    .show($0)
            },
            gitDeclines: { [isForGit] in git.declinesInteraction(for: $0, inRepository: isForGit) },
            now: { Int64(time(nil)) })
    }

    private static func policy(
        _ interaction: Interaction?, configuration: Interaction?
    ) throws(ConfigurationError) -> InteractionPolicy {
        try InteractionPolicy(
            fromCommandLine: interaction, fromConfiguration: configuration, hasTerminal: { Terminal.isThere },
            variable: Environment.variable)
    }
}

extension Interaction {
    /// For a command with which a user asks about sign-ins: the keyring may ask a user who waits at a terminal.
    static var ofOwnCommand: Interaction? { Terminal.isThere ? nil : .never }
}
