package import Addresses
package import CredentialProtocol
package import OAuth
package import SecretService
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
    /// - Returns: also why there may be more, in a keyring that cannot be read now.
    /// - Throws: `SecretServiceError`, ``ConfigurationError``; ``CredentialFailure/whichAccount(service:names:)``.
    package func grants(
        for request: CredentialRequest?, account name: String? = nil
    ) async throws -> (grants: [Grant], unseen: SecretServiceError?) {
        let (placed, unseen) = try signOut.grants.allInSight()
        let all = placed.map(\.grant)
        if let unseen, all.isEmpty || unseen.isMissingService { throw unseen }
        return (try await grants(for: request, account: name, among: all), unseen)
    }

    private func grants(for request: CredentialRequest?, account name: String?, among all: [Grant]) async throws
        -> [Grant]
    {
        guard let request else { return all }
        let name = name ?? AccountDirectory.person(in: request)
        let isVague = name == nil && request.username != nil
        let around = request.url.map { Self.grants(around: $0, of: all) } ?? all
        let meant = name.map { Grant.answering(to: $0, among: around) } ?? around
        // `https://git@host` is not a wish to end all sign-ins.
        if isVague, meant.count > 1, let service = request.url {
            let exact = meant.filter { $0.accountName?.isSame(as: request.username ?? "") == true }
            guard exact.isEmpty else { return exact }
            throw CredentialFailure.whichAccount(
                service: service, names: meant.compactMap { $0.accountName ?? $0.label }.sortedOnce)
        }
        if !meant.isEmpty { return meant }
        // A grant that the keyring has not accepted yet is found only by its account. And a name in a URL can mean a sign-in
        // that does not have it.
        guard let account = try await accounts.account(for: request) else { return [] }
        var candidate = account
        for _ in 0..<3 {
            if let grant = try signOut.grants.grant(account: candidate.id) { return [grant] }
            guard name != nil, case .account(let meant) = try signOut.grants.meaning(of: candidate) else { break }
            candidate = meant
        }
        signOut.cache.remove(account: account.id)
        return []
    }

    private static func grants(around service: ServiceURL, of all: [Grant]) -> [Grant] {
        let around = all.compactMap { grant in (try? ServiceURL(grant.service)).map { ($0, grant) } }
            .filter { $0.0.contains(service) }
        return around.filter { candidate, _ in
            !around.contains { $0.0 != candidate && candidate.contains($0.0) }
        }.map(\.1)
    }

    /// Deletes the approval of a service that has no sign-in.
    ///
    /// - Returns: the service; nil if it has no approval, or if there may be a sign-in that needs it.
    /// - Throws: `SecretServiceError`; ``ConfigurationError`` if the list of approvals cannot be changed.
    package func forgetApproval(for request: CredentialRequest) throws -> ServiceURL? {
        guard let (service, approvals) = approval(for: request),
            !signOut.grants.mayHaveMore || accounts.configuration.store == .memory
        else { return nil }
        let isNeeded = try signOut.grants.all().contains { (try? ServiceURL($0.service)) == service }
        return try !isNeeded && approvals.remove(service) ? service : nil
    }

    /// The file with the approval of the service, if it has one.
    package func fileOfApproval(for request: CredentialRequest) -> String? { approval(for: request)?.approvals.file }

    private func approval(for request: CredentialRequest) -> (service: ServiceURL, approvals: Approvals)? {
        guard let url = request.url, let approvals = signOut.approvals,
            let service = accounts.configuration.approvedService(around: url, in: approvals.file)
        else { return nil }
        return (service, approvals)
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
