/// What one login asks for, and of whom: the same value for every flow.
package struct AuthorizationParameters: Sendable {
    package var metadata: AuthorizationServerMetadata
    package var client: Client
    /// None: the server's default.
    package var scopes: [String]
    /// RFC 8707; sent with every request of the login.
    package var resource: String?
    /// What a token shall be for at servers that have no RFC 8707; sent where the person is sent, and nowhere else.
    package var audience: String?
    /// OpenID Connect Core section 3.1.2.1: the account that is expected to sign in.
    package var loginHint: String?
    /// What the token will be for, as the person's browser is told at the end. Sent to nobody.
    package var service: String?
    /// How the person shall prove who they are, the best first (OpenID Connect Core section 3.1.2.1, RFC 9470 section 4).
    package var contexts: [String]
    /// How many seconds ago they may have done so at most.
    package var maxAge: Int?
    /// Where the browser comes back to; nothing to the device flow.
    package var redirect: RedirectTemplate
    package var pkce: PKCEPolicy
    /// How long the person may take.
    package var deadline: Duration

    package init(
        metadata: AuthorizationServerMetadata, client: Client, scopes: [String] = [], resource: String? = nil,
        audience: String? = nil, loginHint: String? = nil, service: String? = nil, contexts: [String] = [],
        maxAge: Int? = nil, redirect: RedirectTemplate = .loopback, pkce: PKCEPolicy = .required,
        deadline: Duration = .seconds(300)
    ) {
        (self.metadata, self.client, self.scopes) = (metadata, client, scopes)
        (self.resource, self.loginHint, self.redirect) = (resource, loginHint, redirect)
        (self.audience, self.service) = (audience, service)
        (self.contexts, self.maxAge) = (contexts, maxAge)
        (self.pkce, self.deadline) = (pkce, deadline)
    }

    /// ``contexts`` and ``maxAge`` as they stand in a request.
    var authentication: [(name: String, value: String?)] {
        [
            (name: "acr_values", value: contexts.isEmpty ? nil : contexts.joined(separator: " ")),
            (name: "max_age", value: maxAge.map { String($0) }),
        ]
    }
}
