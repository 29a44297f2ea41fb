import FoundationEssentials
package import OAuth
package import Secrets

/// The result of a sign-in: the right to get access tokens until it is revoked.
///
/// It is stored as JSON in one item of the Secret Service. It holds everything for a refresh and a revocation, so that a
/// change of the configuration or of the server's metadata cannot send the refresh token elsewhere.
package struct Grant: Sendable, Equatable {
    /// The id of the account (``Account/id``).
    package var account: String
    /// The service, as a URL.
    package var service: String
    /// The account name, if there are several accounts at the service.
    package var accountName: String?
    /// The issuer, if it is known.
    package var issuer: String?
    /// The token endpoint that gave this grant. Refreshes go only there.
    package var tokenEndpoint: String
    /// The revocation endpoint (RFC 7009), if the server has one.
    package var revocationEndpoint: String?
    /// The client that got the grant. The refresh token is bound to it (RFC 6749 section 10.4).
    package var client: Client
    /// The granted scopes; empty if the server named none and none were requested.
    package var scopes: [String]
    /// The requested scopes. Requesting one again that was not granted would not help.
    package var requestedScopes: [String] = []
    /// The requested authentication contexts (RFC 9470 section 4).
    package var requestedContexts: [String] = []
    /// The resource indicator that was sent (RFC 8707).
    package var resource: String?
    /// The user's name in the server's id_token. It is shown, and the sign-in answers to it.
    package var label: String?
    /// The user's e-mail address in the id_token, if ``label`` is another name. The sign-in answers to it, too.
    package var email: String?
    /// The refresh token; nil if the server gave none.
    package var refreshToken: Secret?
    /// The access token, if it never expires and came without a refresh token: then it is the grant.
    package var accessToken: Secret?
    /// When the user signed in, in seconds since 1970-01-01 UTC.
    package var grantedAt: Int64
    /// When the server refused the refresh token, in the same unit. The rest stays, as the record of the account.
    package var endedAt: Int64?
    /// Whether keyfob registered again for this sign-in, and the server has not refreshed since. If it then refuses the client
    /// once more, another registration would not help either.
    package var isFirstOfClient = false
    /// Whether the server's metadata list the scope `offline_access`; nil if they list no scopes.
    package var listsOfflineAccess: Bool?
}

extension Grant {
    /// The JSON in an item's secret. `version` changes when a reader of today could misread a later format.
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
        var email: String?
        var refreshToken: String?
        var accessToken: String?
        var grantedAt: Int64
        var endedAt: Int64?
        var firstOfClient: Bool?
        var listsOfflineAccess: Bool?
    }

    /// The secret to store.
    ///
    /// - Throws: errors of JSONEncoder, which do not occur with these types.
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
                label: label, email: email,
                refreshToken: refreshToken?.exposedText, accessToken: accessToken?.exposedText, grantedAt: grantedAt,
                endedAt: endedAt, firstOfClient: isFirstOfClient ? true : nil, listsOfflineAccess: listsOfflineAccess))
        return Secret(data)
    }

    /// Reads the result of ``encoded()``. Returns nil for anything else and for a later version.
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
            label: decoded.label, email: decoded.email, refreshToken: decoded.refreshToken.map { Secret($0) },
            accessToken: decoded.accessToken.map { Secret($0) }, grantedAt: decoded.grantedAt,
            endedAt: decoded.endedAt, isFirstOfClient: decoded.firstOfClient ?? false,
            listsOfflineAccess: decoded.listsOfflineAccess)
    }
}
