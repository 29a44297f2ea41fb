import CredentialProtocol
import KernelKeyring
import KeyfobCore
import OAuth
import Processes
import TestSupport

@testable import Doctor
@testable import SecretService

/// The parts of a program whose keyring, network and installation are in memory.
struct FakeParts: ProgramParts {
    let items = InMemoryItemStore()
    let clocks = ServerClocks()
    var variables: [String: String] = [:]
    var patience = Duration.seconds(5)
    var directory = "/nonexistent"
    var callers: [String] = []
    var configuration = Configuration()
    var configurationError: ConfigurationError?
    var network = ScriptedTransport([:])

    var grants: GrantStore { GrantStore(items: items) }
    var store = StoreSetting.keyring
    var memory: KernelItems { KernelItems(keyring: "keyfob-doctor-tests") }
    var registrations: RegistrationStore { RegistrationStore(items: items) }
    var tokenCache: any AccessTokenCache { SessionAccessTokenCache(items: items) }
    var lock: AccountLock { AccountLock(directory: runtimeDirectory) }
    var search: ExecutableSearch { ExecutableSearch(path: variables["PATH"]) }
    var git: GitConfigCommand { GitConfigCommand(search: search, environment: variables, patience: patience) }
    var browser: BrowserLauncher {
        BrowserLauncher(search: search, browser: variables["BROWSER"], environment: variables)
    }
    var installation: CheckedInstallation {
        let directory = directory
        return CheckedInstallation(
            directory: directory, version: "1.2.3", callers: callers, isOurs: { $0.hasPrefix(directory + "/") })
    }
    var environment: [String: String] { variables }
    func variable(_ name: String) -> String? { variables[name] }
    var configurationFiles: [String] { ["/nonexistent/config.toml"] }
    var runtimeDirectory: String { directory + "/run" }
    var hasBrowser: Bool { variables["BROWSER"] != nil }

    func configured() throws -> ConfiguredParts {
        if let configurationError { throw configurationError }
        let accounts = AccountDirectory(configuration: configuration)
        let approval = ServiceApproval(
            accounts: accounts, reread: { accounts }, approvals: nil, lock: lock,
            interaction: try InteractionPolicy(
                fromCommandLine: .never, fromConfiguration: nil, hasTerminal: { false }, variable: { _ in nil }),
            gitDeclines: { _ in false },
            finder: { _, _ in ServerFinder(transport: network, reach: { _, _ in .anywhere }) }, hasTerminal: false,
            ask: { _ in false })
        return ConfiguredParts(accounts: accounts, serviceApproval: approval)
    }

    func transport(trusting file: String?) -> any HTTPTransport { network }
    func transport(for account: Account) -> any HTTPTransport { network }
    func refresh(_ account: Account) async throws -> Int64? { nil }
    func issuerSource(
        _ account: Account, _ host: Configuration.Host?, _ finding: ServerFinder.Finding?
    ) -> SettingSource? {
        SettingSource(word: "file", words: "config.toml:1")
    }
    func report(_ error: any Error) -> Report { Report("\(error)", hint: "do something", status: 70) }

    /// The result of the check.
    func look(
        _ check: some Check, keyring: FakeKeyring = FakeKeyring(), request: CredentialRequest? = nil,
        after note: (CheckContext) throws -> Void = { _ in }
    ) async throws -> Finding {
        let context = CheckContext(self, keyring: keyring, request: request, busIsInEnvironment: true)
        try note(context)
        return await context.look(check)
    }
}

/// A keyring in memory for checks.
struct FakeKeyring: ExaminedKeyring {
    var busError: SecretServiceError?
    var kind = KeyringProgram.other
    var program: String?
    /// The error for each collection that cannot be found.
    var missing: [SecretService.Collection: SecretServiceError] = [:]
    var isLocked = false
    var asks = false
    var writing = KeyringExamination.Writing.worked
    var names: Set<String> = []

    func connectToBus() throws(SecretServiceError) { if let busError { throw busError } }
    func provider() throws(SecretServiceError) -> KeyringExamination.Provider {
        .init(kind: kind, program: program)
    }
    func collection(
        _ collection: SecretService.Collection
    ) throws(SecretServiceError) -> KeyringExamination.Collection {
        if let error = missing[collection] { throw error }
        return .init(isLocked: isLocked, asksForEachProcess: asks)
    }
    func write() throws(SecretServiceError) -> KeyringExamination.Writing { writing }
    func answering(among names: Set<String>) throws(SecretServiceError) -> Set<String> {
        names.intersection(self.names)
    }
}
