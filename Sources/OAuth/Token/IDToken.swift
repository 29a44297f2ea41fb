package import Secrets

/// What an authorization server says of the person who signed in (OpenID Connect Core section 2). Names an account, and
/// decides nothing else.
package enum IDToken {
    /// The allowance for clocks that disagree, in seconds, before and after.
    static let leeway = 300.0

    /// Checks an id_token of the token endpoint and returns what it says (OpenID Connect Core section 3.1.3.7).
    ///
    /// The keys are fetched from the server's `jwks_uri`. Throws `invalidIDToken` by the name of what is wrong: a claim,
    /// a member of the header, `signature`, or `jwks_uri` where there is none; and what the fetch throws.
    ///
    /// - Parameters:
    ///   - metadata: without an issuer, nothing that an id_token says can be checked.
    ///   - accessToken: came with it.
    ///   - nonce: ``TokenResponse/nonce``; nil after a refresh.
    ///   - now: seconds since 1970.
    package static func claims(
        of token: Secret, for client: Client, at metadata: AuthorizationServerMetadata, accessToken: Secret,
        nonce: String?, now: Int64, transport: some HTTPTransport
    ) async throws(OAuthError) -> IDTokenClaims {
        let signed = try SignedToken(token)
        // Cheap checks first: nobody fetches keys for a token that is not meant for us.
        let claims = try signed.claims()
        try claims.check(issuer: metadata.issuer, client: client.id, nonce: nonce, now: Double(now))
        try claims.check(accessToken: accessToken, algorithm: signed.algorithm)
        let result = try claims.result

        guard let address = metadata.jwksURI else { throw .invalidIDToken(member: "jwks_uri") }
        let keys = try await SigningKeys(from: address, transport: transport)
        guard await keys.vouch(for: signed) else { throw .invalidIDToken(member: "signature") }
        return result
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
