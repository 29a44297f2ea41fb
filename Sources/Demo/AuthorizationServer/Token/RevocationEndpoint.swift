extension ServerState {
    /// POST /revoke (RFC 7009 section 2). Revoking a refresh token revokes its whole grant; an access token is revoked
    /// alone. An unknown token also gets 200, because it is invalid anyway (section 2.2).
    mutating func revoke(_ request: IncomingRequest) -> Reply {
        guard let client = authenticatedClient(request) else { return Self.invalidClient }
        guard let token = request.form["token"], !request.form.hasRepetition else {
            return .error("invalid_request", "one token is required")
        }
        let digest = TokenDigest(token)
        if let found = grants.refreshTokens[digest], grants.grants[found.grant].clientID == client.id {
            grants.kill(grant: found.grant)
        } else if let found = grants.accessTokens[digest], grants.grants[found.grant].clientID == client.id {
            grants.accessTokens[digest] = nil
        }
        return .empty(200)
    }
}
