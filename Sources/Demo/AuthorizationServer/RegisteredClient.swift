package import Secrets

/// A client authentication method at the token endpoint (RFC 7591 section 2, `token_endpoint_auth_method`).
package enum ClientAuthenticationMethod: String, Sendable, CaseIterable {
    case none
    case basic = "client_secret_basic"
    case post = "client_secret_post"
}

/// A registered client (RFC 7591 section 2): its id, its redirect URIs, and its authentication method.
package struct RegisteredClient: Sendable {
    package var id: String
    /// Compared as strings; the port of a loopback URI is ignored (RFC 8252 section 7.3).
    package var redirectURIs: [String]
    /// nil for a public client, which sends `client_id` in the body and does not authenticate.
    package var secret: Secret?
    /// The name on the sign-in page.
    package var name: String
    /// The only authentication method that the client may use; nil for either of the two methods with a secret, if it
    /// has one.
    package var authenticationMethod: ClientAuthenticationMethod?
    /// The expiry of the secret, in seconds since 1970 by the server's clock; nil for never.
    package var secretExpiry: Int64?

    package init(
        id: String, redirectURIs: [String], secret: Secret? = nil, name: String? = nil,
        authenticationMethod: ClientAuthenticationMethod? = nil
    ) {
        self.id = id
        self.redirectURIs = redirectURIs
        self.secret = secret
        self.name = name ?? id
        self.authenticationMethod = authenticationMethod
    }

    /// The client of the demo: public, with redirect URIs on loopback at `/callback`.
    package static let demo = RegisteredClient(
        id: "keyfob-demo",
        redirectURIs: ["http://127.0.0.1/callback", "http://[::1]/callback", "http://localhost/callback"],
        name: "keyfob")
}
