import KeyfobCore
import OAuth
import Secrets

/// The proxy that is set, if any, can be used.
struct ProxyCheck: Check {
    let id = "proxy"
    let limit = Duration.seconds(5)

    func look(_ context: CheckContext) throws -> Finding {
        let (destination, environment) = (try context.destination(), context.networkEnvironment)
        let git = try context.parts.git.network(for: destination, environment: environment)
        var settings = NetworkSettings(environment: environment)
        git.apply(to: &settings)
        let source = settings.proxySetting
        do throws(OAuthError) {
            guard let address = try settings.proxyAddress(for: destination) else {
                let isExcepted = settings.proxy?.isEmpty == false
                return .ok(isExcepted ? "none for this host, although \(source) names one" : "none")
            }
            context.notes.note { $0.proxy = .init(address: address, source: source) }
            return .ok("\(address), by \(source)", ["proxy": .text(address), "source": .text(source)])
        } catch {
            guard case .settingsUnknown(let reason, let mend) = error else { throw error }
            return .failed(reason, hints: mend.map { [$0] } ?? [], exitStatus: 78, ["source": .text(source)])
        }
    }
}
