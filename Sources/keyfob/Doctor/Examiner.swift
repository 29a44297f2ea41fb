import CredentialProtocol
import Glibc
import KeyfobCore
import OAuth
import SecretService
import Synchronization

/// Checks each check, and remembers the results that other checks need. It opens nothing and prompts nobody. It leaves no
/// trace: it deletes the item that it writes at once, and its kernel key expires after one second.
struct Examiner: Sendable {
    let composition: Composition
    let request: CredentialRequest?
    let keyring: KeyringExamination
    let clocks: ServerClocks
    let notes = Notes()
    /// Whether the variable was set at the start; connecting to the bus sets it.
    let busIsInEnvironment: Bool
    let search = ExecutableSearch(path: Environment.variable("PATH"))

    /// - Parameter request: the service, if the user named one.
    init(_ request: CredentialRequest?) {
        self.request = request
        busIsInEnvironment = Environment.variable("DBUS_SESSION_BUS_ADDRESS")?.isEmpty == false
        keyring = KeyringExamination()
        clocks = ServerClocks()
        composition = Composition(account: nil, interaction: .never, clocks: clocks)
    }

    /// The results of some checks that others use.
    final class Notes: Sendable {
        struct Values {
            var busAnswers = false
            var parts: Composition.Parts?
            var gitVersion: GitVersion?
            var kernelIsUsable = false
            /// Host and port of the proxy, and the setting that names it.
            var proxy: (address: String, source: String)?
            var account: Account?
            var metadata: AuthorizationServerMetadata?
            var redirect: RedirectTemplate?
            var grant: Grant?
        }

        private let values = Mutex(Values())

        func read<Value: Sendable>(_ value: (Values) -> Value) -> Value { values.withLock { value($0) } }
        func note(_ change: @Sendable (inout Values) -> Void) { values.withLock { change(&$0) } }
    }

    /// The finding at `check`.
    func look(at check: Check) async -> Finding {
        do {
            return try await examine(check)
        } catch {
            return silence(at: check, error) ?? Finding(FailureReport(error))
        }
    }

    private func examine(_ check: Check) async throws -> Finding {
        switch check {
        case .bus: try bus()
        case .provider: try provider()
        case .collection: try collection()
        case .writable: try writable()
        case .kernelKeyring: kernelKeyring()
        case .kernelQuota: kernelQuota()
        case .sessionCollection: try sessionCollection()
        case .runtimeDirectory: try runtimeDirectory()
        case .locks: locks()
        case .configuration: try configuration()
        case .git: git()
        case .helpers: try helpers()
        case .doors: doors()
        case .browser: browser()
        case .signIn: try signIn()
        case .proxy: try proxy()
        case .authorities: try authorities()
        default: try await examine(check, of: request)
        }
    }

    private func examine(_ check: Check, of request: CredentialRequest?) async throws -> Finding {
        // Without a service these checks are not part of a run.
        guard let service = request?.url else { return .ok("not looked for") }
        return switch check {
        case .address: try await address(of: service)
        case .service: try await answer(of: service)
        case .issuer: try await issuer()
        case .metadata: try await metadata()
        case .clock: clock()
        case .pkce: try pkce()
        case .httpPath: httpPath()
        case .client: try client()
        case .redirect: try await redirect()
        case .grant: try grant(for: service)
        case .token: token()
        default: try await refresh()
        }
    }

    /// A URL for settings that depend on the destination: the service, or else an example.
    var somewhere: EndpointURL? {
        try? EndpointURL(request?.url?.description ?? "https://example.com")
    }

    /// The configuration of the service, or nil if there is none.
    var host: Configuration.Host? {
        notes.read { $0.parts }.flatMap { parts in request?.url.flatMap { parts.accounts.configuration.host(for: $0) } }
    }
}

extension Finding {
    /// The message and the exit status that a command would have ended with.
    init(_ report: FailureReport) {
        self = .failed(report.message, mend: report.hints, exitStatus: report.status)
    }
}
