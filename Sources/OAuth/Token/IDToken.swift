package import Secrets

/// Reads id_tokens (OpenID Connect Core section 2). keyfob takes only the account's identity from them.
package enum IDToken {
    /// Allowed clock difference in both directions, in seconds.
    static let leeway = 300.0

    /// Checks an id_token from the token endpoint and returns its claims (OpenID Connect Core section 3.1.3.7).
    ///
    /// - The signature is not checked (step 6 allows that): the token came directly from the token endpoint, and TLS
    ///   authenticated that server.
    /// - So the header's `alg` is needed for one check only: it names the hash of `at_hash`. If there is an `at_hash`
    ///   whose hash keyfob does not know, the token is refused, because the access token could be another user's.
    ///   Without an `at_hash`, any `alg` is accepted, even `none`.
    /// - Parameter issuer: ``AuthorizationServerMetadata/issuer``.
    /// - Parameter accessToken: the access token of the same response.
    /// - Parameter nonce: ``TokenResponse/nonce``; nil if the request sent none.
    /// - Parameter now: seconds since 1970.
    /// - Throws: `invalidIDToken` with the name of the invalid claim or header member, or `JWT`.
    package static func claims(
        of token: Secret, for client: Client, from issuer: String, accessToken: Secret, nonce: String?, now: Int64
    ) throws(OAuthError) -> IDTokenClaims {
        let token = try JSONWebToken(token)
        try token.claims.check(issuer: issuer, client: client.id, nonce: nonce, now: Double(now))
        try token.claims.check(accessToken: accessToken, algorithm: token.algorithm)
        return try token.claims.result
    }
}

/// The claims of a checked id_token.
package struct IDTokenClaims: Sendable, Equatable {
    /// The account's identifier at that issuer, never reassigned (`sub`).
    package var subject: String
    /// The account's names for display: those of `preferred_username`, `email`, `nickname`, `name` that exist, in this
    /// order. They may change and need not be unique. They contain no control characters.
    package var names: [String]

    package init(subject: String, names: [String]) {
        (self.subject, self.names) = (subject, names)
    }
}
