import ArgumentParser
import CredentialProtocol
import FoundationEssentials
import Glibc
import KernelKeyring
import KeyfobCore
import OAuth
import SecretService

/// The composition root: the one place that knows which parts the program is made of.
struct Composition: Sendable {
    let account: String?
    let interaction: Interaction?
    let notesRoutes: Bool
    let readsStandardInput: Bool
    let transports: Transports
    let service: SecretService
    let grants: GrantStore
    let cache: TieredAccessTokenCache
    let lock: AccountLock

    /// - Parameters:
    ///   - account: the account named on the command line.
    ///   - interaction: who may be asked, if the command line says so.
    ///   - notesRoutes: whether the door for git may learn which account answers a question.
    ///   - readsStandardInput: whether an address may be pasted there: it is the person's, not a caller's.
    init(
        account: String?, interaction: Interaction?, notesRoutes: Bool = false, readsStandardInput: Bool = false
    ) {
        self.account = account
        self.interaction = interaction
        self.notesRoutes = notesRoutes
        self.readsStandardInput = readsStandardInput
        transports = Transports(readsRepository: notesRoutes)  // git's own requests go the way that git goes
        let policy = try? Self.policy(interaction, configuration: nil)  // what is wrong is said by the run
        // The keyring's own prompt is a window: it needs a graphical session, and a caller that did not decline.
        let hasWindows = ["DISPLAY", "WAYLAND_DISPLAY"].contains { Surroundings.variable($0)?.isEmpty == false }
        let mode = interaction ?? policy?.fromEnvironment ?? .auto
        service = SecretService(
            mayPrompt: mode == .always || (mode == .auto && hasWindows && policy?.callerDeclined == false))
        grants = GrantStore(items: service)
        cache = TieredAccessTokenCache(
            first: KernelAccessTokenCache(), second: SessionAccessTokenCache(items: service),
            firstIsUsable: { KernelAccessTokenCache.isUsable })
        lock = AccountLock(directory: Surroundings.runtimeDirectory)
    }

    /// What ends a sign-in.
    var signOut: SignOut { SignOut(grants: grants, cache: cache, lock: lock) }

    /// Runs `body` with the credential helper, and ends the process with one line on standard error if it fails.
    func run(_ body: (CredentialHelper) async throws -> Void) async throws {
        try await runWithTokens { accounts, tokens in
            let helper = CredentialHelper(
                accounts: accounts, passwords: PasswordStore(items: service), tokens: tokens,
                answered: { if notesRoutes { noteRoute($0, $1) } })
            try await body(helper)
        }
    }

    /// The same with the two parts below the helper.
    func runWithTokens(_ body: (AccountDirectory, OAuthTokenSource) async throws -> Void) async throws {
        do {
            let configuration = try Configuration(files: Surroundings.configurationFiles)
            let search = ExecutableSearch(path: Surroundings.variable("PATH"))
            let git = GitConfigCommand(search: search)
            let accounts = AccountDirectory(
                configuration: configuration, accountName: account, gitSettings: { await git.settings(for: $0) })
            try await body(accounts, try tokens(configuration, git, search))
            await transports.shutdown()
        } catch {
            await transports.shutdown()
            throw FailureReport(error).print()
        }
    }

    private func tokens(
        _ configuration: Configuration, _ git: GitConfigCommand, _ search: ExecutableSearch
    ) throws(ConfigurationError) -> OAuthTokenSource {
        let browser = BrowserLauncher(
            search: search, browser: Surroundings.variable("BROWSER"), environment: Surroundings.forChildren)
        let screen = SignInScreen(browser: browser, readsStandardInput: readsStandardInput)
        let policy = try Self.policy(interaction, configuration: configuration.interaction)
        let transports = transports
        return OAuthTokenSource(
            grants: grants, cache: cache, lock: lock,
            signIn: SignIn(grants: grants, screen: screen.functions),
            transport: { transports.transport(trusting: $0.certificateAuthorityFile) },
            interaction: policy,
            gitDeclines: { await git.settings(for: $0)?.declinesInteraction ?? false },
            now: { Int64(time(nil)) })
    }

    private func noteRoute(_ request: CredentialRequest, _ account: Account) {
        let route = KeyNames.route(
            protocol: request.protocolName, host: request.host, path: request.path, username: request.username,
            stamp: KeyNames.stamp(of: Surroundings.configurationFiles))
        if let route { KernelAccessTokenCache().note(route: route, account: account.id, at: Int64(time(nil))) }
    }

    private static func policy(
        _ interaction: Interaction?, configuration: Interaction?
    ) throws(ConfigurationError) -> InteractionPolicy {
        try InteractionPolicy(
            fromCommandLine: interaction, fromConfiguration: configuration, hasTerminal: { Terminal.isThere },
            variable: Surroundings.variable)
    }
}
