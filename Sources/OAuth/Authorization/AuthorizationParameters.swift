/// The parameters of one login and its server. All flows take this value.
package struct AuthorizationParameters: Sendable {
    package var metadata: AuthorizationServerMetadata
    package var client: Client
    /// Empty for the server's default.
    package var scopes: [String]
    /// RFC 8707; sent with every request of the login.
    package var resource: String?
    /// The purpose of the token, for servers that do not know RFC 8707. Sent only in the request that the browser
    /// carries.
    package var audience: String?
    /// OpenID Connect Core section 3.1.2.1: the account that is expected to sign in.
    package var loginHint: String?
    /// The service for which the token will be. Only shown on the last page of the browser, never sent to a server.
    package var service: String?
    /// How the user must authenticate, in order of preference (OpenID Connect Core section 3.1.2.1, RFC 9470 section
    /// 4).
    package var contexts: [String]
    /// The maximum age of that authentication, in seconds.
    package var maxAge: Int?
    /// The pages that the server must show also to a signed-in user (OpenID Connect Core section 3.1.2.1). It is left out in a
    /// second request if the server refuses a pushed one with it.
    package var prompt: String?
    /// The address to which the browser returns. The device flow does not use it.
    package var redirect: RedirectTemplate
    package var pkce: PKCEPolicy
    /// The time that the user has for the sign-in.
    package var deadline: Duration

    package init(
        metadata: AuthorizationServerMetadata, client: Client, scopes: [String] = [], resource: String? = nil,
        audience: String? = nil, loginHint: String? = nil, service: String? = nil, contexts: [String] = [],
        maxAge: Int? = nil, prompt: String? = nil, redirect: RedirectTemplate = .loopback, pkce: PKCEPolicy = .required,
        deadline: Duration = .seconds(300)
    ) {
        (self.metadata, self.client, self.scopes) = (metadata, client, scopes)
        (self.resource, self.loginHint, self.redirect) = (resource, loginHint, redirect)
        (self.audience, self.service) = (audience, service)
        (self.contexts, self.maxAge, self.prompt) = (contexts, maxAge, prompt)
        (self.pkce, self.deadline) = (pkce, deadline)
    }

    /// ``contexts`` and ``maxAge`` as request parameters.
    var authentication: [(name: String, value: String?)] {
        [
            (name: "acr_values", value: contexts.isEmpty ? nil : contexts.joined(separator: " ")),
            (name: "max_age", value: maxAge.map { String($0) }),
        ]
    }
}
