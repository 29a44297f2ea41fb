package import CredentialProtocol
import OAuth

/// Finds the account that a request is about.
///
/// Two places are looked at: the configuration, of which keyfob's own list of approved services is a part, and for git's
/// requests git's own settings (`credential.<url>.oauthClientId` and its kin), so that who comes from
/// git-credential-oauth keeps theirs. A service that stands in neither has no account, and nothing is signed in to.
package struct AccountDirectory: Sendable {
    package let configuration: Configuration
    let accountName: String?
    let gitSettings: @Sendable (CredentialRequest) async throws -> GitSettings?

    /// - Parameters:
    ///   - accountName: the account that the person named on the command line.
    ///   - gitSettings: reads git's settings for a request; nil where git did not ask.
    package init(
        configuration: Configuration, accountName: String? = nil,
        gitSettings: @escaping @Sendable (CredentialRequest) async throws -> GitSettings? = { _ in nil }
    ) {
        self.configuration = configuration
        self.accountName = accountName
        self.gitSettings = gitSettings
    }

    /// The account that the configuration or else git's settings name.
    package func account(for request: CredentialRequest) async throws -> Account? {
        if let account = try configuredAccount(for: request) { return account }
        return try await accountFromGit(for: request)
    }

    /// The account that the configuration names; reads nothing that is not in memory. nil also where the configuration
    /// does not say who signs people in, and has to be found first (``ServiceApproval``).
    package func configuredAccount(for request: CredentialRequest) throws -> Account? {
        guard let url = request.url, let host = configuration.host(for: url) else { return nil }
        return account(of: host, for: request)
    }

    /// The account at a service of which `host` is known; nil where nobody knows its authorization server.
    package func account(of host: Configuration.Host, for request: CredentialRequest) -> Account? {
        let known = KnownHost.match(host.service, provider: host.provider)
        guard let server = host.server ?? known?.server(for: host.service) else { return nil }
        let client = host.clientID.map { Client(id: $0) }
        var account = Account(service: host.service, server: server, client: client)
        account.reach = host.server == nil ? nil : host.reach
        account.endpointHosts = host.endpointHosts ?? []
        account.clientMetadataDocument = configuration.clientMetadataDocument
        account.scopes = scopes(host.scopes ?? known?.scopes ?? [], request)
        account.addsOfflineAccess = host.offlineAccess ?? false
        account.resource = resource(request, host, known, server)
        account.resourceParameter = host.resourceParameter ?? .resource
        account.username = host.username ?? known?.username
        account.name = name(request, username: account.username) ?? host.account
        account.flow = host.flow
        account.redirect = host.redirect ?? known?.redirect
        account.pkce = host.pkce ?? known?.pkce ?? KnownIssuer.match(server)?.pkce ?? .required
        account.certificateAuthorityFile = host.certificateAuthorityFile
        account.provider = known
        return withTimes(account)
    }

    /// The account that git's settings name.
    package func accountFromGit(for request: CredentialRequest) async throws -> Account? {
        guard let url = request.url, url.scheme == "https" || url.isLoopback,
            let settings = try await gitSettings(request), let client = try settings.oauth(for: url)
        else { return nil }
        var account = Account(
            service: try ServiceURL(url.origin), server: .endpoints(client.metadata), client: client.client)
        account.scopes = scopes(client.scopes, request)
        account.resource = request.resource
        account.username = settings.username
        account.name = name(request, username: nil)
        account.redirect = client.redirect
        account.pkce = .assumed
        account.isFromGit = true
        return withTimes(account)
    }

    /// - Throws: ``ConfigurationError`` where the list of approved services cannot be read, and may name the service: for
    ///   who has found no account.
    package func refuseUnknownApproval(of request: CredentialRequest) throws(ConfigurationError) {
        if let url = request.url { try configuration.refuseUnknownApproval(of: url) }
    }

    private func withTimes(_ account: Account) -> Account {
        var account = account
        account.minTTL = configuration.minTTL ?? account.minTTL
        account.loginDeadline = configuration.loginTimeout.map { .seconds($0) } ?? account.loginDeadline
        return account
    }

    /// Which account at the service: the one named on the command line, or by the user name in the URL unless that is
    /// only what the service wants beside a token.
    private func name(_ request: CredentialRequest, username: String?) -> String? {
        if let accountName { return accountName }
        return request.username.flatMap { $0 == username || Self.placeholders.contains($0) ? nil : $0 }
    }

    /// User names that services want beside a token, whoever's it is.
    private static let placeholders = Set(
        ["", "oauth2", "oauth2accesstoken"] + KnownHost.rows.compactMap(\.username))

    /// What the request names counts more than what is written down; but some servers take none.
    private func resource(
        _ request: CredentialRequest, _ host: Configuration.Host, _ known: KnownHost?, _ server: Account.ServerLocation
    ) -> String? {
        guard KnownIssuer.match(server)?.takesResource ?? true else { return nil }
        return request.resource ?? host.resource?.uri
    }

    private func scopes(_ configured: [String], _ request: CredentialRequest) -> [String] {
        configured + request.scope.filter { !configured.contains($0) }
    }
}
