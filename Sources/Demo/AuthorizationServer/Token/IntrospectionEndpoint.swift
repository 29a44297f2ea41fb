import Secrets

/// The server's facts about a valid access token (RFC 7662 section 2.2).
package struct TokenInfo: Sendable, Equatable {
    package var clientID: String
    package var username: String
    package var scopes: [String]
    /// The resources that the token is for (RFC 8707); empty if the request named none.
    package var resources: [String]
    /// Seconds since 1970 by the server's clock.
    package var issued: Int64
    package var expiry: Int64
}

extension ServerState {
    /// The facts about an access token, or nil if it is not valid now.
    func info(_ token: String) -> TokenInfo? {
        guard let (token, grant) = grants.liveAccessToken(token, at: now) else { return nil }
        return TokenInfo(
            clientID: grant.clientID, username: grant.user, scopes: token.scopes, resources: token.resources,
            issued: Int64(token.issued), expiry: Int64(token.expiry))
    }

    /// POST /introspect (RFC 7662 section 2), for callers that send the configured secret as a bearer token.
    func introspect(_ request: IncomingRequest) -> Reply {
        guard let shown = request.bearer, Secret(shown) == configuration.introspectionSecret else {
            var reply = Reply.error("invalid_token", "introspection is for resource servers", status: 401)
            reply.headers.append(("WWW-Authenticate", "Bearer realm=\"introspection\""))
            return reply
        }
        guard let token = request.form["token"] else { return .error("invalid_request", "token is missing") }
        guard let info = info(token) else { return .json(["active": false]) }
        var members: [String: JSONValue] = [
            "active": true, "token_type": "Bearer", "iss": .string(issuer), "client_id": .string(info.clientID),
            "username": .string(info.username), "sub": .string(info.username),
            "scope": .string(info.scopes.joined(separator: " ")),
            "iat": .integer(Int(info.issued)), "exp": .integer(Int(info.expiry)),
        ]
        if !info.resources.isEmpty { members["aud"] = .strings(info.resources) }
        return .json(members)
    }
}
