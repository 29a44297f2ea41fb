package import Secrets

/// What an authorization server says of the person who signed in (OpenID Connect Core section 2). Names an account, and
/// decides nothing else.
package enum IDToken {
    /// The allowance for clocks that disagree, in seconds, before and after.
    static let leeway = 300.0

    /// Checks an id_token of the token endpoint and returns what it says (OpenID Connect Core section 3.1.3.7).
    ///
    /// - The signature is not checked (step 6): the token came from the token endpoint itself, and TLS has proved which
    ///   server that is.
    /// - So the header's `alg` matters to one check alone: it names the hash of `at_hash`. If there is an `at_hash`, and keyfob
    ///   does not know the hash, the token is refused, because the access token could be somebody else's. Without an
    ///   `at_hash` any `alg` is accepted, `none` too.
    ///
    /// Throws `invalidIDToken` by the name of what is wrong: a claim, a member of the header, or `JWT`.
    ///
    /// - Parameters:
    ///   - issuer: ``AuthorizationServerMetadata/issuer``.
    ///   - accessToken: came with it.
    ///   - nonce: ``TokenResponse/nonce``; nil if the request sent none.
    ///   - now: seconds since 1970.
    package static func claims(
        of token: Secret, for client: Client, from issuer: String, accessToken: Secret, nonce: String?, now: Int64
    ) throws(OAuthError) -> IDTokenClaims {
        let token = try JSONWebToken(token)
        try token.claims.check(issuer: issuer, client: client.id, nonce: nonce, now: Double(now))
        try token.claims.check(accessToken: accessToken, algorithm: token.algorithm)
        return try token.claims.result
    }
}

/// What a checked id_token says.
package struct IDTokenClaims: Sendable, Equatable {
    /// The account's identifier at that issuer, never reassigned (`sub`).
    package var subject: String
    /// What people call the account: `preferred_username`, `email`, `nickname`, `name`, those that are there, in this
    /// order. None of them is unique or for ever. They hold no control characters.
    package var names: [String]

    package init(subject: String, names: [String]) {
        (self.subject, self.names) = (subject, names)
    }
}
