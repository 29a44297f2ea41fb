package import Secrets

/// A successful answer of the token endpoint (RFC 6749 section 5.1).
package struct TokenResponse: Sendable, Equatable {
    /// Matches `[\x21-\x7E]+`.
    package var accessToken: Secret
    /// Seconds from the receipt, 1 to 31,536,000; nil where the server did not say so usably.
    package var expiresIn: Int?
    /// nil where none was issued: after a refresh, the old one stays in force.
    package var refreshToken: Secret?
    /// nil where the answer is silent: as requested.
    package var scope: [String]?
    /// OpenID Connect Core section 3.1.3.3, not checked: see ``IDToken``.
    package var idToken: Secret?
    /// What the authorization request asked an id_token to repeat; nil where it asked for none.
    package var nonce: String?

    package init(
        accessToken: Secret, expiresIn: Int? = nil, refreshToken: Secret? = nil,
        scope: [String]? = nil, idToken: Secret? = nil, nonce: String? = nil
    ) {
        (self.accessToken, self.expiresIn) = (accessToken, expiresIn)
        (self.refreshToken, self.scope) = (refreshToken, scope)
        (self.idToken, self.nonce) = (idToken, nonce)
    }
}
