import KeyfobCore
import OAuth
import Synchronization

/// How endpoints are reached, by the environment and by git's settings. git is asked once for each of them, when the first
/// request to it is sent.
final class Network: Sendable {
    private let git: GitConfigCommand
    private let readsRepository: Bool
    private let known = Mutex<[String: NetworkSettings]>([:])

    init(readsRepository: Bool, tracer: Tracer) {
        self.readsRepository = readsRepository
        git = GitConfigCommand(search: ExecutableSearch(path: Surroundings.variable("PATH")), tracer: tracer)
    }

    func settings(for url: EndpointURL) async -> NetworkSettings {
        let place = url.origin + url.path
        if let settings = known.withLock({ $0[place] }) { return settings }
        let environment = (NetworkSettings.variables + GitNetworkSettings.variables)
            .reduce(into: [String: String]()) { $0[$1] = Surroundings.variable($1) }
        var settings = NetworkSettings(environment: environment)
        await git.network(for: url, environment: environment, inRepository: readsRepository).apply(to: &settings)
        known.withLock { [settings] in $0[place] = settings }
        return settings
    }
}
