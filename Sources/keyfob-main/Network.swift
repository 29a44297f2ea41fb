import Addresses
import CredentialProtocol
import KeyfobCore
import OAuth
import Processes
import Synchronization

/// The network settings for each endpoint, from the environment and git's settings. git is asked once per endpoint,
/// when the first request is sent to it.
final class Network: Sendable {
    private let git: GitConfigCommand
    private let known = Mutex<[String: NetworkSettings]>([:])

    init(tracer: Tracer) {
        git = GitConfigCommand(
            search: ExecutableSearch(path: Environment.variable("PATH")), environment: Environment.environment,
            tracer: tracer)
    }

    /// - Throws: `OAuthError.settingsUnknown` if git cannot read its settings. They may name a proxy or an authority,
    ///   so nothing may be sent without them.
    func settings(for url: EndpointURL) throws(OAuthError) -> NetworkSettings {
        let place = url.origin + url.path
        if let settings = known.withLock({ $0[place] }) { return settings }
        let environment = (NetworkSettings.variables + GitNetworkSettings.variables)
            .reduce(into: [String: String]()) { $0[$1] = Environment.variable($1) }
        var settings = NetworkSettings(environment: environment)
        do {
            try git.network(for: url, environment: environment).apply(to: &settings)
        } catch {
            let report = Report(configuration: error)
            throw .settingsUnknown(reason: report.message, mend: report.hints.first)
        }
        known.withLock { [settings] in $0[place] = settings }
        return settings
    }
}
