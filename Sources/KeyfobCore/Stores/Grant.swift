import FoundationEssentials
package import OAuth
package import Secrets

/// What a person's sign-in left us: the right to get access tokens until it is revoked.
///
/// Kept as JSON in one item of the Secret Service. Everything that is needed to refresh or to revoke stands in it, so
/// that a change of configuration or of the server's metadata cannot send the refresh token elsewhere.
package struct Grant: Sendable, Equatable {
    /// The id of the account (``Account/id``).
    package var account: String
    /// The service, as a URL.
    package var service: String
    /// Which of several accounts at the service.
    package var accountName: String?
    /// The issuer, where it is known.
    package var issuer: String?
    /// The token endpoint that gave this grant; a refresh goes there and nowhere else.
    package var tokenEndpoint: String
    /// Where tokens are revoked (RFC 7009), if the server offers that.
    package var revocationEndpoint: String?
    /// The client that the grant was given to. A refresh token is bound to it (RFC 6749 section 10.4).
    package var client: Client
    /// The scopes that were granted; empty where the server did not say and none were asked for.
    package var scopes: [String]
    /// The scopes that were asked for: to ask again for one that was asked for and not granted would not help.
    package var requestedScopes: [String] = []
    /// The authentication contexts that were asked for (RFC 9470 section 4).
    package var requestedContexts: [String] = []
    /// The resource indicator that was sent (RFC 8707).
    package var resource: String?
    /// The person, as the server's id_token names them; for people to read, and nothing else.
    package var label: String?
    /// The refresh token; nil where the server gave none.
    package var refreshToken: Secret?
    /// The access token itself, where it never expires and came without a refresh token: then it is the grant.
    package var accessToken: Secret?
    /// When the person signed in, in seconds since 1970-01-01 UTC.
    package var grantedAt: Int64
    /// When the server stopped taking the refresh token, in the same seconds. What is left is the memory of an account.
    package var endedAt: Int64?
}

extension Grant {
    /// The JSON of an item's secret. `version` is raised when a reader of today could misunderstand.
    private struct Representation: Codable {
        var version = 1
        var account: String
        var service: String
        var accountName: String?
        var issuer: String?
        var tokenEndpoint: String
        var revocationEndpoint: String?
        var clientId: String
        var clientSecret: String?
        var clientAuthentication: String?
        var scopes: [String]
        var requestedScopes: [String]?
        var requestedContexts: [String]?
        var resource: String?
        var label: String?
        var refreshToken: String?
        var accessToken: String?
        var grantedAt: Int64
        var endedAt: Int64?
    }

    /// The secret to be kept.
    ///
    /// - Throws: only what JSONEncoder throws, which it does not for these types.
    package func encoded() throws -> Secret {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        encoder.keyEncodingStrategy = .convertToSnakeCase
        let data = try encoder.encode(
            Representation(
                account: account, service: service, accountName: accountName, issuer: issuer,
                tokenEndpoint: tokenEndpoint, revocationEndpoint: revocationEndpoint, clientId: client.id,
                clientSecret: client.secret?.exposedText,
                clientAuthentication: client.secret == nil ? nil : client.authentication.rawValue, scopes: scopes,
                requestedScopes: requestedScopes.isEmpty ? nil : requestedScopes,
                requestedContexts: requestedContexts.isEmpty ? nil : requestedContexts, resource: resource,
                label: label,
                refreshToken: refreshToken?.exposedText, accessToken: accessToken?.exposedText, grantedAt: grantedAt,
                endedAt: endedAt))
        return Secret(data)
    }

    /// Reads what ``encoded()`` wrote; nil for anything else, and for a later version.
    package init?(_ secret: Secret) {
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        let decoded = try? decoder.decode(Representation.self, from: Data(secret.exposedBytes))
        guard let decoded, decoded.version == 1 else { return nil }
        self.init(
            account: decoded.account, service: decoded.service, accountName: decoded.accountName,
            issuer: decoded.issuer, tokenEndpoint: decoded.tokenEndpoint,
            revocationEndpoint: decoded.revocationEndpoint,
            client: Client(
                id: decoded.clientId, secret: decoded.clientSecret.map { Secret($0) },
                authentication: decoded.clientAuthentication.flatMap(ClientAuthentication.init) ?? .none),
            scopes: decoded.scopes, requestedScopes: decoded.requestedScopes ?? [],
            requestedContexts: decoded.requestedContexts ?? [], resource: decoded.resource,
            label: decoded.label, refreshToken: decoded.refreshToken.map { Secret($0) },
            accessToken: decoded.accessToken.map { Secret($0) }, grantedAt: decoded.grantedAt,
            endedAt: decoded.endedAt)
    }
}
