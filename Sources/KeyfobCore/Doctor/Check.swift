/// A check of the ladder from the session bus to a token: one condition that `keyfob` needs in order to work.
///
/// The raw value is the name in `keyfob doctor --json` (protocol.md, appendix B). The order of the cases is the order
/// of the report.
package enum Check: String, Sendable, CaseIterable {
    // The keyring.
    case bus, provider, collection, writable
    case kernelKeyring = "kernel-keyring"
    case kernelQuota = "kernel-quota"
    case sessionCollection = "session-collection"
    // The files.
    case runtimeDirectory = "runtime-directory"
    case locks, configuration
    // git, and the names under which it finds keyfob.
    case git, helpers, doors
    // The user.
    case browser
    case signIn = "sign-in"
    // The network.
    case proxy, authorities
    // One service, if the user named one.
    case address, service, issuer, metadata, clock, pkce
    case httpPath = "http-path"
    case client, redirect, grant, token
    // Only if the user asked for it.
    case refresh

    /// The checks without which this one cannot be checked. If one of them failed or was skipped, this one is skipped.
    package var needs: [Check] {
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

    /// The checks whose results this one uses, whatever they are; it waits for them.
    package var follows: [Check] {
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

    /// The time limit of one check.
    package var bound: Duration {
        switch self {
        case .bus, .provider, .collection, .writable, .sessionCollection, .grant: .seconds(4)
        case .address, .service, .issuer, .metadata: .seconds(5)
        // A cancelled refresh may lose the server's response, so it gets the time to end by itself.
        case .refresh: .seconds(110)
        default: .seconds(3)
        }
    }

    /// The checks of a run.
    ///
    /// - Parameters:
    ///   - hasService: whether the user named a service.
    ///   - refreshes: whether the check may use the service's refresh token.
    package static func all(hasService: Bool, refreshes: Bool) -> [Check] {
        allCases.filter { check in
            switch check {
            case .address, .service, .issuer, .metadata, .clock, .pkce, .httpPath, .client, .redirect, .grant, .token:
                hasService
            case .refresh: hasService && refreshes
            default: true
            }
        }
    }
}
