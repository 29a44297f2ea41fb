package import CredentialProtocol
import OAuth

/// Finds the account that a request is about.
///
/// Two places are looked at: keyfob's own configuration, and for git's requests git's own settings
/// (`credential.<url>.oauthClientId` and its kin), so that who comes from git-credential-oauth keeps theirs. A service
/// that stands in neither has no account, and nothing is signed in to.
package struct AccountDirectory: Sendable {
    let configuration: Configuration
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

    /// The account that the configuration names; reads nothing that is not in memory.
    package func configuredAccount(for request: CredentialRequest) throws -> Account? {
        guard let url = request.url, let host = configuration.host(for: url) else { return nil }
        return Account(
            service: host.service, server: host.server, client: Client(id: host.clientID),
            scopes: scopes(host.scopes, request), resource: request.resource ?? host.resource, username: host.username,
            name: name(request, username: host.username) ?? host.account, flow: host.flow, redirect: host.redirect,
            pkce: host.pkce,
            minTTL: configuration.minTTL ?? 300, loginDeadline: .seconds(configuration.loginTimeout ?? 300),
            certificateAuthorityFile: host.certificateAuthorityFile)
    }

    /// The account that git's settings name.
    package func accountFromGit(for request: CredentialRequest) async throws -> Account? {
        guard let url = request.url, url.scheme == "https" || url.isLoopback,
            let settings = try await gitSettings(request), let client = try settings.oauth(for: url)
        else { return nil }
        let service = try ServiceURL(url.origin)
        return Account(
            service: service, server: .endpoints(client.metadata), client: client.client,
            scopes: scopes(client.scopes, request), resource: request.resource, username: settings.username,
            name: name(request, username: nil), flow: .loopback, redirect: client.redirect,
            pkce: .assumed,
            minTTL: configuration.minTTL ?? 300, loginDeadline: .seconds(configuration.loginTimeout ?? 300),
            certificateAuthorityFile: nil)
    }

    /// Which account at the service: the one named on the command line, or by the user name in the URL unless that is
    /// only what the service wants beside a token.
    private func name(_ request: CredentialRequest, username: String?) -> String? {
        if let accountName { return accountName }
        return request.username.flatMap { $0 == username || Self.placeholders.contains($0) ? nil : $0 }
    }

    /// User names that services want beside a token, whoever's it is.
    private static let placeholders: Set = ["", "oauth2", "x-access-token", "x-token-auth", "oauth2accesstoken"]

    private func scopes(_ configured: [String], _ request: CredentialRequest) -> [String] {
        configured + request.scope.filter { !configured.contains($0) }
    }
}
