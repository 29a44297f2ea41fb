import Addresses
import Console
package import CredentialProtocol
import Glibc
import KeyfobCore
import OAuth
import SecretService
import Synchronization

/// Values that the checks of one run share: the parts of the program, the service, and the results that one check
/// leaves for another.
///
/// Checks open no browser and do not prompt the user. They leave no trace: the item that they write is deleted at once,
/// and their kernel key expires after one second.
package struct CheckContext: Sendable {
    let parts: any ProgramParts
    let keyring: any ExaminedKeyring
    /// The service, if the user named one.
    let request: CredentialRequest?
    /// Whether the address of the session bus was in the environment at the start; connecting to the bus sets it.
    let busIsInEnvironment: Bool
    let notes = Notes()

    package init(
        _ parts: some ProgramParts, keyring: some ExaminedKeyring, request: CredentialRequest?,
        busIsInEnvironment: Bool
    ) {
        (self.parts, self.keyring) = (parts, keyring)
        (self.request, self.busIsInEnvironment) = (request, busIsInEnvironment)
    }

    /// The command that signs in to the service, or words for it if the user named none.
    var login: String { request?.url.map { ": " + Messages.login($0) } ?? Self.loginByName }

    static let loginByName = " (keyfob login, then the address of the service)"

    /// The results of checks that other checks use.
    final class Notes: Sendable {
        struct Values {
            var busAnswers = false
            /// The first check of the Secret Service that failed.
            var keyringTrouble: String?
            /// Whether the Secret Service did not accept an item.
            var keyringRefuses = false
            /// Whether the Secret Service has an unlocked default collection.
            var hasCollection = false
            var configured: ConfiguredParts?
            var gitVersion: GitVersion?
            var kernelIsUsable = false
            var proxy: FoundProxy?
            var account: Account?
            var metadata: AuthorizationServerMetadata?
            var redirect: RedirectTemplate?
            /// The client that keyfob has registered.
            var client: Client?
            var grant: Grant?
            /// The user's names at services.
            var names: Set<String> = []
        }

        private let values = Mutex(Values())

        func read<Value: Sendable>(_ value: (Values) -> Value) -> Value { values.withLock { value($0) } }
        func note(_ change: @Sendable (inout Values) -> Void) { values.withLock { change(&$0) } }
    }

    /// A proxy: host and port, and the setting that names it.
    struct FoundProxy: Sendable {
        var address: String
        var source: String
    }

    /// Runs a check. An error becomes a failed finding.
    package func look(_ check: any Check) async -> Finding {
        var finding: Finding
        do { finding = try await check.look(self) } catch { finding = failed(error) }
        finding.hints = finding.hints.compactMap {
            HintedCommand.completed($0, service: request?.url, user: request?.username)
        }
        return finding
    }

    /// The finding for an error, with the message that a command would print.
    func failed(_ error: any Error) -> Finding {
        var finding = Finding.failed(parts.report(error))
        if case SecretServiceError.timedOut = error {
            finding.hints.append("restart the keyring, or log out of the desktop and in again")
        }
        return finding
    }

    /// The finding for an error of a request. It names the proxy, because the proxy may be the cause.
    func failedRequest(_ error: any Error) -> Finding {
        var finding = failed(error)
        if let proxy = notes.read({ $0.proxy }) {
            finding.hints.append("all requests go through the proxy \(proxy.address), named by \(proxy.source)")
        }
        return finding
    }

    /// The settings of the service in the configuration, or nil if there are none.
    var host: Configuration.Host? {
        notes.read { $0.configured }.flatMap { configured in
            request?.url.flatMap { configured.accounts.configuration.host(for: $0) }
        }
    }

    /// The account of the service and the metadata of its server, once they are found.
    var accountAndMetadata: (Account, AuthorizationServerMetadata)? {
        notes.read { notes in notes.account.flatMap { account in notes.metadata.map { (account, $0) } } }
    }

    /// The environment variables that decide how servers are reached.
    var networkEnvironment: [String: String] {
        (NetworkSettings.variables + GitNetworkSettings.variables)
            .reduce(into: [:]) { $0[$1] = parts.variable($1) }
    }

    /// The service, or an example for settings that depend on the destination.
    func destination() throws -> EndpointURL { try EndpointURL(request?.url?.description ?? "https://example.com") }

    /// The user's names at services, as far as the checks have seen them: a report does not show them.
    package var names: Set<String> {
        notes.read { notes in notes.names.union([notes.account?.name].compactMap { $0 }) }
    }

    /// Seconds since 1970-01-01 UTC.
    var now: Int64 { Int64(time(nil)) }
}

extension Finding {
    /// The finding of a check whose subject another check did not find.
    static let nothingToCheck = Finding.ok("nothing to check")
}
