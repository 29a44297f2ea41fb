package import Secrets

/// Who we are to an authorization server.
package struct Client: Sendable, Equatable {
    package var id: String
    /// nil for a public client, which a program on a person's machine is (RFC 8252 section 8.4).
    package var secret: Secret?
    package var authentication: ClientAuthentication

    package init(id: String, secret: Secret? = nil, authentication: ClientAuthentication = .none) {
        (self.id, self.secret, self.authentication) = (id, secret, authentication)
    }
}

/// How a client proves itself at the token endpoint (RFC 6749 section 2.3, names of RFC 7591 section 2).
package enum ClientAuthentication: String, Sendable {
    /// `client_id` in the body.
    case none
    /// `client_secret_basic`; `client_id` is in the body too, since some servers look for it there.
    case basic = "client_secret_basic"
    /// `client_secret_post`.
    case post = "client_secret_post"
}
