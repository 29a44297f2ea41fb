extension ServerState {
    /// POST /revoke (RFC 7009 section 2). A refresh token takes its whole grant with it; an access token goes alone. An
    /// unknown token is answered 200 as well, since it is as dead as asked (section 2.2).
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
