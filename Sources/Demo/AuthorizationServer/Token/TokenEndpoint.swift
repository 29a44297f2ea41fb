import Secrets

extension ServerState {
    /// POST /token (RFC 6749 section 3.2).
    mutating func token(_ request: IncomingRequest) -> Reply {
        guard !request.form.hasRepetition else { return .error("invalid_request", "a parameter came twice") }
        guard let client = authenticatedClient(request) else { return Self.invalidClient }
        switch request.form["grant_type"] {
        case "authorization_code": return exchangeCode(request.form, client)
        case "refresh_token": return refresh(request.form, client)
        case Self.deviceGrantType where configuration.device.isOffered: return poll(request.form, client)
        case nil: return .error("invalid_request", "grant_type is missing")
        default: return .error("unsupported_grant_type", "codes and refresh tokens only")
        }
    }

    /// Exchanges a code (RFC 6749 section 4.1.3) and checks its verifier (RFC 7636 section 4.6).
    private mutating func exchangeCode(_ form: Parameters, _ client: RegisteredClient) -> Reply {
        guard let text = form["code"], let verifier = form["code_verifier"] else {
            return .error("invalid_request", "code and code_verifier are required")
        }
        let digest = TokenDigest(text)
        guard let code = grants.codes[digest], grants.grants[code.grant].clientID == client.id else {
            return .error("invalid_grant", "unknown code")
        }
        guard !code.isSpent else {
            // RFC 6749 section 4.1.2: the tokens from this code should be revoked.
            grants.kill(grant: code.grant)
            return .error("invalid_grant", "the code was used before")
        }
        grants.codes[digest]?.isSpent = true
        guard now < code.expiry else { return .error("invalid_grant", "the code has expired") }
        guard form["redirect_uri"] ?? (code.redirectURIWasGiven ? nil : code.redirectURI) == code.redirectURI else {
            return .error("invalid_grant", "redirect_uri is not that of the authorization request")
        }
        guard Secret(TokenDigest.challenge(of: verifier)) == Secret(code.challenge) else {
            return .error("invalid_grant", "code_verifier does not fit the code_challenge")
        }
        return issueTokens(grant: code.grant, form, refreshToken: newRefreshToken(grant: code.grant))
    }

    /// Refreshes (RFC 6749 section 6), with the rotation of RFC 9700 section 4.14.2.
    private mutating func refresh(_ form: Parameters, _ client: RegisteredClient) -> Reply {
        guard let text = form["refresh_token"] else {
            return .error("invalid_request", "refresh_token is missing")
        }
        let digest = TokenDigest(text)
        guard let token = grants.refreshTokens[digest], grants.grants[token.grant].clientID == client.id else {
            return .error("invalid_grant", "unknown refresh token")
        }
        if token.isSpent {
            if configuration.revokesFamilyOnReuse { grants.kill(grant: token.grant) }
            return .error("invalid_grant", "the refresh token was used before")
        }
        guard grants.grants[token.grant].isLive else { return .error("invalid_grant", "the grant was revoked") }
        // Checked before the token is spent: a refused request must not cost the token.
        if let refusal = refusal(of: form, for: grants.grants[token.grant]) { return refusal }
        if configuration.repeatsRefreshToken { return issueTokens(grant: token.grant, form, refreshToken: text) }
        guard configuration.rotates else { return issueTokens(grant: token.grant, form, refreshToken: nil) }
        grants.refreshTokens[digest]?.isSpent = true
        return issueTokens(grant: token.grant, form, refreshToken: newRefreshToken(grant: token.grant))
    }

    /// The error if a scope or resource exceeds the grant (RFC 6749 section 6, RFC 8707 section 2.2), otherwise nil.
    private func refusal(of form: Parameters, for grant: GrantTable.Grant) -> Reply? {
        let scopes = form["scope"]?.split(separator: " ").map(String.init) ?? []
        guard Set(scopes).isSubset(of: grant.scopes) else {
            return .error("invalid_scope", "more than was granted")
        }
        let resources = form.all("resource")
        guard resources.allSatisfy({ AuthorizationRequest.isResource($0) }),
            grant.resources.isEmpty || Set(resources).isSubset(of: grant.resources)
        else { return .error("invalid_target", "not a resource that was granted") }
        return nil
    }

    mutating func newRefreshToken(grant: Int) -> String {
        let token = TokenDigest.random()
        grants.refreshTokens[TokenDigest(token)] = GrantTable.RefreshToken(grant: grant)
        return token
    }

    /// The token response (RFC 6749 section 5.1).
    mutating func issueTokens(grant number: Int, _ form: Parameters, refreshToken: String?) -> Reply {
        let grant = grants.grants[number]
        if let refusal = refusal(of: form, for: grant) { return refusal }
        let scopes = form["scope"]?.split(separator: " ").map(String.init) ?? grant.scopes
        let token = TokenDigest.random()
        grants.accessTokens[TokenDigest(token)] = GrantTable.AccessToken(
            grant: number, scopes: scopes, resources: form.all("resource"), issued: now,
            expiry: now + Double(configuration.accessTokenLifetime))
        var members: [String: JSONValue] = [
            "access_token": .string(token), "token_type": .string(configuration.tokenType),
            "expires_in": .integer(configuration.accessTokenLifetime),
            "scope": .string(scopes.joined(separator: " ")),
        ]
        if let refreshToken { members["refresh_token"] = .string(refreshToken) }
        var reply = Reply.json(JSONValue.merging(members, configuration.extraTokenMembers))
        reply.issuedRefreshToken = refreshToken.map { TokenDigest($0).fingerprint }
        return reply
    }
}
