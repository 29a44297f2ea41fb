import Addresses
package import CredentialProtocol
import OAuth

/// Finds the account for a request.
///
/// It looks into the configuration, of which keyfob's own list of approved services is a part. For git's requests it then
/// looks into git's own settings (`credential.<url>.oauthClientId` and others), so users of git-credential-oauth keep
/// theirs. A service that is in neither has no account, and keyfob does not sign in there.
package struct AccountDirectory: Sendable {
    package let configuration: Configuration
    let accountName: String?
    let gitSettings: @Sendable (CredentialRequest) async throws -> GitSettings?

    /// - Parameters:
    ///   - accountName: the account that the user named on the command line.
    ///   - gitSettings: reads git's settings for a request; returns nil if git is not the caller.
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

    /// The account that the configuration names, from memory alone. nil also if the configuration names no authorization
    /// server, so that discovery has to find one first (``ServiceApproval``).
    package func configuredAccount(for request: CredentialRequest) throws -> Account? {
        if let url = request.url { return configuration.host(for: url).flatMap { account(of: $0, for: request) } }
        return configuration.host(ofMailServerIn: request).flatMap { account(of: $0, for: request) }
    }

    /// The account at the service of `host`; nil if its authorization server is unknown.
    package func account(of host: Configuration.Host, for request: CredentialRequest) -> Account? {
        let row = KnownHost.match(host.service, provider: host.provider)
        let known = row?.placed(at: host.server, for: host.service)
        let isPlaced = known != row
        guard let server = (isPlaced ? nil : host.server) ?? known?.server(for: host.service) else { return nil }
        let client = host.clientID.map { Client(id: $0) }
        var account = Account(service: host.service, server: server, client: client)
        account.reach = host.server == nil ? nil : host.reach
        account.endpointHosts = host.endpointHosts ?? []
        account.clientAuthentication = host.clientAuthentication
        account.clientMetadataDocument = configuration.clientMetadataDocument
        account.scopes = scopes(host.scopes ?? known?.scopes ?? [], request)
        account.addsOfflineAccess = host.offlineAccess ?? false
        account.mayAskForConsent = KnownIssuer.match(server)?.needsConsent ?? true
        account.resource = resource(request, host, known, server)
        account.resourceParameter = host.resourceParameter ?? .resource
        account.username = host.username ?? known?.username
        account.mailServers = host.mailServers
        let person = accountName == nil ? Self.person(in: request, username: account.username) : nil
        account.name = accountName ?? person ?? host.account
        if accountName == nil { account.nameSource = person == nil ? .configuration : known?.nameSource ?? .url }
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
            let git = try await gitSettings(request)?.oauth(for: url)
        else { return nil }
        var account = Account(service: git.host.service, server: git.server, client: git.client)
        account.scopes = scopes(git.host.scopes ?? [], request)
        account.resource = request.resource
        account.username = git.host.username
        account.name = accountName ?? Self.person(in: request)
        if accountName == nil { account.nameSource = .url }
        account.redirect = git.host.redirect ?? .loopback
        account.pkce = .assumed
        account.isFromGit = true
        return withTimes(account)
    }

    /// The names of git's settings for a sign-in at the service that do not count for `account`: they are incomplete, or the
    /// configuration or an approval comes first.
    package func unusedGitSettings(for request: CredentialRequest, _ account: Account) async -> [String] {
        account.isFromGit ? [] : (try? await gitSettings(request))?.oauthNames ?? []
    }

    /// For a caller that has found no account.
    ///
    /// - Throws: ``ConfigurationError`` if the list of approved services cannot be read, and may have the service.
    package func refuseUnknownApproval(of request: CredentialRequest) throws(ConfigurationError) {
        if let url = request.url { try configuration.refuseUnknownApproval(of: url) }
    }

    private func withTimes(_ account: Account) -> Account {
        var account = account
        account.minTTL = configuration.minTTL ?? account.minTTL
        account.loginDeadline = configuration.loginTimeout.map { .seconds($0) } ?? account.loginDeadline
        return account
    }

    /// The user name in the URL, unless it is the same for all users.
    ///
    /// - Parameter username: the user name that the service wants with a token.
    static func person(in request: CredentialRequest, username: String? = nil) -> String? {
        request.username.flatMap { $0 == username || placeholders.contains($0) ? nil : $0 }
    }

    /// User names that services want with the token of any user, or that their documentation puts into URLs.
    private static let placeholders = SharedUserNames.all.union(KnownHost.rows.compactMap(\.username))

    /// The resource of the request counts before the configured one. Some servers accept none.
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
