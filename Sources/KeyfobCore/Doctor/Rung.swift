/// A rung of the ladder from the session bus to a token: one thing that has to hold for `keyfob` to work.
///
/// The raw value names the rung in `keyfob doctor --json` (protocol.md, appendix B). The order of the cases is the order
/// in which rungs are told.
package enum Rung: String, Sendable, CaseIterable {
    // The keyring.
    case bus, provider, collection, writable
    case kernelKeyring = "kernel-keyring"
    case kernelQuota = "kernel-quota"
    case sessionCollection = "session-collection"
    // The files.
    case runtimeDirectory = "runtime-directory"
    case locks, configuration
    // git, and how it finds us.
    case git, helpers, doors
    // The person.
    case browser
    case signIn = "sign-in"
    // The way out.
    case proxy, authorities
    // One service, where one was named.
    case address, service, issuer, metadata, clock, pkce
    case httpPath = "http-path"
    case client, redirect, grant, token
    // Only where it was asked for.
    case refresh

    /// Without these there is nothing to look at: where one of them has failed or was skipped, this one is skipped.
    package var needs: [Rung] {
        switch self {
        case .provider: [.bus]
        case .collection, .sessionCollection: [.provider]
        case .writable: [.collection]
        case .kernelQuota: [.kernelKeyring]
        case .locks: [.runtimeDirectory]
        case .helpers: [.git]
        case .signIn, .address: [.configuration]
        case .httpPath: [.git, .issuer]
        case .service: [.address, .proxy, .authorities]
        case .issuer: [.configuration, .proxy, .authorities]
        case .metadata, .redirect, .token: [.issuer]
        case .pkce, .client: [.metadata]
        case .grant: [.issuer, .collection]
        case .refresh: [.grant, .writable, .runtimeDirectory]
        default: []
        }
    }

    /// What these have learned is of use, whatever came of them.
    package var follows: [Rung] {
        switch self {
        case .sessionCollection: [.kernelKeyring]
        case .browser, .signIn: [.bus]
        case .address: [.proxy]
        case .clock: [.service, .metadata]
        case .client, .redirect: [.collection]
        case .token: [.grant]
        case .refresh: [.token]
        default: []
        }
    }

    /// How long a look may take.
    package var bound: Duration {
        switch self {
        case .bus, .provider, .collection, .writable, .sessionCollection, .grant: .seconds(4)
        case .address, .service, .issuer, .metadata: .seconds(5)
        // A refresh that is broken off may lose what the server has answered: it ends by itself.
        case .refresh: .seconds(110)
        default: .seconds(3)
        }
    }

    /// The rungs of a run.
    ///
    /// - Parameters:
    ///   - hasService: whether a service was named.
    ///   - refreshes: whether its refresh token may be tried.
    package static func all(hasService: Bool, refreshes: Bool) -> [Rung] {
        allCases.filter { rung in
            switch rung {
            case .address, .service, .issuer, .metadata, .clock, .pkce, .httpPath, .client, .redirect, .grant, .token:
                hasService
            case .refresh: hasService && refreshes
            default: true
            }
        }
    }
}
