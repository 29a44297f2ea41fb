import ArgumentParser
import CredentialProtocol
import Dialects
import Doctor
import KernelKeyring
import KeyfobCore
import OAuth
import Processes
import Setup

/// The parts of this program that `keyfob doctor` checks. Requests are sent once and with short timeouts.
struct DoctorParts: ProgramParts {
    let clocks: ServerClocks
    let search = ExecutableSearch(path: Environment.variable("PATH"))
    private let composition: Composition

    private let service: String?

    /// - Parameter service: the URL that the user named, if any.
    init(service: String?) {
        self.service = service
        clocks = ServerClocks()
        composition = Composition(account: nil, interaction: .never, clocks: clocks)
    }

    var grants: GrantStore { composition.grants }
    var store: StoreSetting { composition.store.setting }
    var memory: KernelItems { KernelItems() }
    var registrations: RegistrationStore { composition.registrations }
    var tokenCache: any AccessTokenCache { composition.cache }
    var lock: AccountLock { composition.lock }
    var git: GitConfigCommand {
        GitConfigCommand(search: search, environment: environment, patience: .seconds(4))
    }
    var browser: BrowserLauncher {
        BrowserLauncher(
            search: search, browser: Environment.variable("BROWSER"), environment: Environment.forChildren)
    }
    var installation: CheckedInstallation {
        let installation = Installation()
        return CheckedInstallation(
            directory: installation.directory, version: Keyfob.configuration.version, callers: Dialects.executables,
            isOurs: { installation.isOurs($0) })
    }

    var environment: [String: String] { Environment.environment }
    func variable(_ name: String) -> String? { Environment.variable(name) }
    var configurationFiles: [String] { Environment.configurationFiles }
    var runtimeDirectory: String { Environment.runtimeDirectory }
    var hasBrowser: Bool { Environment.hasBrowser }

    func configured() throws -> ConfiguredParts {
        let parts = try composition.parts()
        return ConfiguredParts(accounts: parts.accounts, serviceApproval: parts.serviceApproval)
    }

    func transport(trusting file: String?) -> any HTTPTransport { composition.transports.transport(trusting: file) }
    func transport(for account: Account) -> any HTTPTransport { composition.transports.transport(for: account) }

    func refresh(_ account: Account) async throws -> Int64? {
        // Short timeouts could lose the response, so this composition has the usual ones.
        let composition = Composition(account: account.name, interaction: .never)
        let token = try await composition.parts().tokens.refreshNow(account)
        await composition.transports.shutdown()
        return token.expiresAt
    }

    func issuerSource(
        _ account: Account, _ host: Configuration.Host?, _ finding: ServerFinder.Finding?
    ) -> SettingSource? {
        // Keys outside the hosts say nothing about the issuer.
        EffectiveSettings(for: account, in: Configuration(), as: host, found: finding).settings["issuer"].map {
            SettingSource(word: $0.source.rawValue, words: $0.place)
        }
    }

    /// A hint that needs a service names the one that the user named, or tells the setting instead. The words of a server are
    /// left out: they may name the user.
    func report(_ error: any Error) -> Report {
        var report = Report(error, about: service)
        for beginning in Report.beginningsOfServersWords {
            guard let words = report.message.firstRange(of: beginning) else { continue }
            report.message = String(report.message[..<words.lowerBound])
        }
        return report
    }
}
