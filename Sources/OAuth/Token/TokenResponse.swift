package import Secrets

/// A successful answer of the token endpoint (RFC 6749 section 5.1).
package struct TokenResponse: Sendable, Equatable {
    /// Matches `[\x21-\x7E]+`.
    package var accessToken: Secret
    /// Seconds from receipt, at most 31,536,000; 0 if the token has expired by the server's answer; nil if the server
    /// sent no valid value.
    package var expiresIn: Int?
    /// nil if the server issued none. After a refresh, the old one then stays valid.
    package var refreshToken: Secret?
    /// nil if the server sent none: the scopes are those requested.
    package var scope: [String]?
    /// Not checked yet: see ``IDToken`` (OpenID Connect Core section 3.1.3.3).
    package var idToken: Secret?
    /// The nonce of the authorization request, which an id_token must repeat; nil if there was none.
    package var nonce: String?
    /// The form in which the server has accepted the client's secret.
    package var authentication: ClientAuthentication?

    package init(
        accessToken: Secret, expiresIn: Int? = nil, refreshToken: Secret? = nil,
        scope: [String]? = nil, idToken: Secret? = nil, nonce: String? = nil
    ) {
        (self.accessToken, self.expiresIn) = (accessToken, expiresIn)
        (self.refreshToken, self.scope) = (refreshToken, scope)
        (self.idToken, self.nonce) = (idToken, nonce)
    }
}
