package import Addresses
package import CredentialProtocol
package import OAuth
import Secrets

/// `keyfob logout`: finds the grants that the user means, and ends them.
package struct Logout: Sendable {
    let accounts: AccountDirectory
    let signOut: SignOut
    let transport: @Sendable (Account) -> any HTTPTransport
    let transportOfForgotten: @Sendable (ServiceURL) -> any HTTPTransport

    /// - Parameters:
    ///   - transport: how to reach an account's authorization server.
    ///   - transportOfForgotten: the same for a service that is no longer configured.
    package init(
        accounts: AccountDirectory, signOut: SignOut,
        transport: @escaping @Sendable (Account) -> any HTTPTransport,
        transportOfForgotten: @escaping @Sendable (ServiceURL) -> any HTTPTransport
    ) {
        self.accounts = accounts
        self.signOut = signOut
        self.transport = transport
        self.transportOfForgotten = transportOfForgotten
    }

    /// The grants for a service: those of the longest service that contains it. Without a service: all grants.
    ///
    /// - Parameter name: which of several accounts; nil for all of them, or for the user name in the URL.
    /// - Throws: `SecretServiceError`, ``ConfigurationError``.
    package func grants(for request: CredentialRequest?, account name: String? = nil) async throws -> [Grant] {
        let all = try signOut.grants.all()
        guard let request else { return all }
        let name = name ?? AccountDirectory.person(in: request)
        for named in [\Grant.accountName, \Grant.label] {
            let meant = Self.meant(by: request, name, named, of: all)
            if !meant.isEmpty { return meant }
        }
        // A grant that the keyring has not accepted yet is found only by its account.
        guard let account = try await accounts.account(for: request) else { return [] }
        if let grant = try signOut.grants.grant(account: account.id) { return [grant] }
        signOut.cache.remove(account: account.id)
        return []
    }

    private static func meant(
        by request: CredentialRequest, _ name: String?, _ named: KeyPath<Grant, String?>, of all: [Grant]
    ) -> [Grant] {
        guard let service = request.url else { return all }
        let around = all.compactMap { grant in (try? ServiceURL(grant.service)).map { ($0, grant) } }
            .filter { $0.0.contains(service) }
        return around.filter { candidate, grant in
            !around.contains { $0.0 != candidate && candidate.contains($0.0) }
                && name.map { grant[keyPath: named]?.isSame(as: $0) == true } ?? true
        }.map(\.1)
    }

    /// Ends one grant.
    ///
    /// - Throws: `SecretServiceError` if the grant cannot be deleted.
    package func end(_ grant: Grant) async throws -> SignOut.Outcome {
        let service = try ServiceURL(grant.service)
        let account = try await accounts.account(for: CredentialRequest(url: grant.service))
        return try await signOut.run(
            grant, client: grant.client(for: account), host: account?.provider,
            transport: account.map(transport) ?? transportOfForgotten(service))
    }
}
