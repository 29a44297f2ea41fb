package import CredentialProtocol
package import KeyfobCore
package import OAuth
package import Processes
package import SecretService

/// The parts of the program that checks use. The executable provides its own, so a check calls the same functions as
/// the program.
package protocol ProgramParts: Sendable {
    var grants: GrantStore { get }
    /// The setting `store`.
    var store: StoreSetting { get }
    /// The items in kernel memory.
    var memory: KernelItems { get }
    var registrations: RegistrationStore { get }
    var tokenCache: any AccessTokenCache { get }
    var lock: AccountLock { get }
    /// Waits for git a little less than the time limit of the checks that ask git.
    var git: GitConfigCommand { get }
    var search: ExecutableSearch { get }
    var browser: BrowserLauncher { get }
    var installation: CheckedInstallation { get }

    /// The environment of this process, for other programs.
    var environment: [String: String] { get }
    /// A variable of the environment. `HOME` is nil unless it is an absolute path.
    func variable(_ name: String) -> String?
    /// In the order of precedence; a file may be absent.
    var configurationFiles: [String] { get }
    /// The directory of the locks.
    var runtimeDirectory: String { get }
    /// Whether this machine can show the user a browser.
    var hasBrowser: Bool { get }

    /// Reads the configuration.
    ///
    /// - Throws: ``ConfigurationError``.
    func configured() throws -> ConfiguredParts
    /// The transport that also trusts the certificate authorities in `file`.
    func transport(trusting file: String?) -> any HTTPTransport
    /// The transport to the authorization server of an account.
    func transport(for account: Account) -> any HTTPTransport
    /// The clock skews of the servers that answered through these transports.
    var clocks: ServerClocks { get }
    /// Uses the refresh token of an account and stores the result, as `keyfob token` does.
    ///
    /// - Returns: the end of the new access token in seconds since 1970-01-01 UTC, if the server named it.
    func refresh(_ account: Account) async throws -> Int64?
    /// The origin of the issuer's setting.
    ///
    /// - Parameters:
    ///   - host: the settings in the configuration.
    ///   - finding: the result of discovery, if discovery was needed.
    func issuerSource(
        _ account: Account, _ host: Configuration.Host?, _ finding: ServerFinder.Finding?
    ) -> SettingSource?
    /// The report that a command would print for an error.
    func report(_ error: any Error) -> Report
}

/// The parts that depend on the configuration.
package struct ConfiguredParts: Sendable {
    package let accounts: AccountDirectory
    package let serviceApproval: ServiceApproval

    package init(accounts: AccountDirectory, serviceApproval: ServiceApproval) {
        (self.accounts, self.serviceApproval) = (accounts, serviceApproval)
    }
}

/// The origin of a setting: a word for programs (protocol.md, 11.3) and words for users.
package struct SettingSource: Sendable {
    package let word: String
    package let words: String

    package init(word: String, words: String) { (self.word, self.words) = (word, words) }
}

/// The location and version of keyfob.
package struct CheckedInstallation: Sendable {
    /// The directory of the executables.
    package let directory: String
    package let version: String
    /// The names under which callers other than git start keyfob.
    package let callers: [String]
    /// Whether a path leads to one of our executables.
    package let isOurs: @Sendable (String) -> Bool

    package init(
        directory: String, version: String, callers: [String], isOurs: @escaping @Sendable (String) -> Bool
    ) {
        (self.directory, self.version, self.callers, self.isOurs) = (directory, version, callers, isOurs)
    }
}

/// The keyring of the session, examined without a prompt: ``KeyringExamination``, or a fake in tests.
package protocol ExaminedKeyring: Sendable {
    func connectToBus() throws(SecretServiceError)
    func provider() throws(SecretServiceError) -> KeyringExamination.Provider
    func collection(
        _ collection: SecretService.Collection
    ) throws(SecretServiceError) -> KeyringExamination.Collection
    func write() throws(SecretServiceError) -> KeyringExamination.Writing
    func answering(among names: Set<String>) throws(SecretServiceError) -> Set<String>
}

extension KeyringExamination: ExaminedKeyring {}
