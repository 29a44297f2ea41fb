package import Secrets

/// How a client proves itself at the token endpoint (RFC 7591 section 2, `token_endpoint_auth_method`).
package enum ClientAuthenticationMethod: String, Sendable, CaseIterable {
    case none
    case basic = "client_secret_basic"
    case post = "client_secret_post"
}

/// A client as it was registered (RFC 7591 section 2): its id, where its answers go, and how it proves itself.
package struct RegisteredClient: Sendable {
    package var id: String
    /// Compared as strings; on loopback the port is left out of the comparison (RFC 8252 section 7.3).
    package var redirectURIs: [String]
    /// nil for a public client, which says `client_id` in the body and proves nothing.
    package var secret: Secret?
    /// What the sign-in page calls it.
    package var name: String
    /// The one way in which it may prove itself; nil for either of the two ways to show a secret, if there is one.
    package var authenticationMethod: ClientAuthenticationMethod?
    /// When the secret ends, in seconds since 1970 by the server's clock; nil: never.
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

    /// The client of the demo: public, answers on loopback at `/callback`.
    package static let demo = RegisteredClient(
        id: "keyfob-demo",
        redirectURIs: ["http://127.0.0.1/callback", "http://[::1]/callback", "http://localhost/callback"],
        name: "keyfob")
}
