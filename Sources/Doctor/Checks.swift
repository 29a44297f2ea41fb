/// The checks, from the session bus to a token.
package enum Checks {
    /// All checks in the order of the report. A check comes after those that it needs.
    static let all: [any Check] = [
        // The keyring.
        BusCheck(), ProviderCheck(), CollectionCheck(), WritableCheck(), KernelKeyringCheck(), KernelQuotaCheck(),
        SessionCollectionCheck(), StoreCheck(),
        // The files.
        RuntimeDirectoryCheck(), LocksCheck(), ConfigurationCheck(),
        // git, and the names under which it finds keyfob.
        GitCheck(), HelpersCheck(), DoorsCheck(),
        // The user.
        BrowserCheck(), SignInCheck(),
        // The network.
        ProxyCheck(), AuthoritiesCheck(),
        // One service.
        AddressCheck(), ServiceCheck(), IssuerCheck(), MetadataCheck(), ClockCheck(), PKCECheck(), HTTPPathCheck(),
        ClientCheck(), RedirectCheck(), AuthorizationCheck(), GrantCheck(), TokenCheck(), RefreshCheck(),
    ]

    /// The checks of one run.
    ///
    /// - Parameters:
    ///   - hasService: whether the user named a service.
    ///   - refreshes: whether a check may use the service's refresh token.
    package static func all(hasService: Bool, refreshes: Bool) -> [any Check] {
        all.filter { check in
            switch check.condition {
            case .always: true
            case .service: hasService
            case .refresh: hasService && refreshes
            }
        }
    }
}
