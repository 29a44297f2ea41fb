package import Addresses
package import CredentialProtocol
import OAuth
import Secrets

/// Services that the user names on the command line.
extension ServiceApproval {
    /// The account at a service that the user has named, which approves it. Nothing is stored yet: ``approve(_:)`` does that
    /// after the sign-in has worked.
    ///
    /// - Parameter anew: finds the server of an approved service again. If it has changed, the user is asked.
    /// - Returns: the account, and how its server was found; nil if it was known.
    /// - Throws: ``CredentialFailure``, `OAuthError`, ``ConfigurationError``.
    package func accountByName(
        for request: CredentialRequest, anew: Bool
    ) async throws -> (account: Account, finding: ServerFinder.Finding?) {
        guard let url = request.url else {
            throw CredentialFailure.notAService(url: "\(request.protocolName)://\(request.host)")
        }
        let host = accounts.configuration.host(for: url)
        let isApproved = host?.sources["issuer"].map { $0.file == approvals?.file } ?? false
        let known = try await accounts.account(for: request)
        if let known, !(anew && isApproved) { return (known, nil) }
        try accounts.refuseUnknownApproval(of: request)

        let pinned = isApproved ? known?.server.identifier : nil
        var found = try await finder(host, url).find(url, challenges: request.wwwauth, pinned: pinned)
        if let pinned, case .issuer(let issuer, _, _)? = found.host.server, !issuer.isSame(as: pinned) {
            guard try await ask(.elsewhere(url, server: issuer)) else {
                throw CredentialFailure.issuerChanged(service: url, from: pinned, to: issuer)
            }
        }
        // The new finding replaces the old one, except for the client that the user has named: it is a client of that
        // server and of no other.
        if let known, case .issuer(let issuer, _, _)? = found.host.server, pinned.map(issuer.isSame) == true {
            let before = approved(known.service)
            (found.host.clientID, found.host.endpointHosts) = (before?.clientID, before?.endpointHosts)
        }
        var written = accounts.configuration
        written.hosts.removeAll(where: isApproval)
        let configured = written.host(for: url)
        found = found.fitted(to: configured)
        return (try account(found, configured, request), found)
    }

    /// The stored approval of exactly this service; nil if there is none.
    package func approved(_ service: ServiceURL) -> Configuration.Host? {
        accounts.configuration.hosts.first { $0.service == service && isApproval($0) }
    }

    /// Checks that nothing but an approval, which a sign-in replaces, names another client than `id`.
    func refuseOtherClient(than id: String, for account: Account) throws(CredentialFailure) {
        guard let client = account.client, !client.id.isSame(as: id) else { return }
        let source = accounts.configuration.host(for: account.service)?.sources["client_id"]
        if !account.isFromGit, source.map({ $0.file == approvals?.file }) ?? true { return }
        throw .otherClient(
            service: account.service, id: client.id, wanted: id, file: source?.file, line: source?.line)
    }

    /// Whether the entry is of an earlier sign-in, and not written by the user.
    package func isApproval(_ host: Configuration.Host) -> Bool {
        approvals.map { host.isFrom($0.file) } ?? false
    }

    /// Asks the user about a server that is nearer to this machine than the service that names it. A service must not make
    /// keyfob send requests into a private network (RFC 9728 section 7.7), but a company's own server may be there.
    ///
    /// - Throws: `OAuthError.addressTooNear` without a yes.
    package func confirmNearness(of finding: ServerFinder.Finding) async throws {
        let service = finding.host.service
        guard finding.host.reach == .privateNetworks, case .issuer(let issuer, _, _)? = finding.host.server else {
            return
        }
        guard try await ask(.nearby(service, server: issuer)) else {
            throw OAuthError.addressTooNear(host: try EndpointURL(issuer).host, resource: service.host)
        }
    }

    /// Checks, before the user signs in, that ``approve(_:)`` can store the approval.
    ///
    /// - Throws: ``ConfigurationError`` if the list of approved services cannot be read, or has no room for `host`.
    package func prepareApproval(of host: Configuration.Host) throws {
        try accounts.configuration.refuseUnreadableApprovals()
        guard let approvals else { throw ConfigurationError.noHome }
        try approvals.refuseIfFull(for: host)
    }

    /// Stores an approval. A sign-in has done that already (``Account/approval``), but there may have been none to do.
    package func approve(_ host: Configuration.Host) throws {
        try approvals?.add(host)
    }

    /// The account of a finding, completed by what is configured.
    func account(
        _ found: ServerFinder.Finding, _ configured: Configuration.Host?, _ request: CredentialRequest
    ) throws -> Account {
        var host = configured.map { $0.completed(by: found.host) } ?? found.host
        host.service = found.host.service
        guard let account = accounts.account(of: host, for: request) else {
            throw CredentialFailure.notConfigured(service: host.service)
        }
        return account
    }
}

extension ServerFinder.Finding {
    /// The finding, for the service under which it is stored.
    ///
    /// - If the finding speaks for all of the configured service, that is the configured service.
    /// - A finding for a part of it is stored for that part, with everything that is configured: its entry is the longest
    ///   match from then on.
    func fitted(to configured: Configuration.Host?) -> ServerFinder.Finding {
        guard let configured else { return self }
        var fitted = self
        let isWhole = host.service.contains(configured.service)
        if !isWhole { fitted.host = configured.completed(by: host) }
        fitted.host.service = isWhole ? configured.service : host.service
        return fitted
    }
}
