package import Secrets

/// keyfob's identity at an authorization server.
package struct Client: Sendable, Equatable {
    package var id: String
    /// nil for a public client, the normal case for a program on a user's machine (RFC 8252 section 8.4).
    package var secret: Secret?
    package var authentication: ClientAuthentication
    /// Whether the user has chosen ``authentication``. Then no other form is tried, and nothing is added to it.
    package var isFormChosen = false

    package init(id: String, secret: Secret? = nil, authentication: ClientAuthentication = .none) {
        (self.id, self.secret, self.authentication) = (id, secret, authentication)
    }
}

/// How a client authenticates at the token endpoint (RFC 6749 section 2.3; the names are those of RFC 7591 section 2).
package enum ClientAuthentication: String, Sendable, CaseIterable {
    /// `client_id` in the body.
    case none
    /// `client_secret_basic`. The body has `client_id` too, because some servers look for it there, unless the user has
    /// chosen this form.
    case basic = "client_secret_basic"
    /// `client_secret_post`.
    case post = "client_secret_post"
    /// Basic with id and secret as they are (RFC 7617), and without `client_id` in the body. Some servers do not decode
    /// the two halves, and some count `client_id` as a second method.
    case plainBasic = "plain_basic"
}
