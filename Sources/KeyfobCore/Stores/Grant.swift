import JSON
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
    /// The version of the JSON in an item's secret. It changes when a reader of today could misread a later format.
    private static let version: Int64 = 1

    /// The secret to store.
    package var encoded: Secret {
        let authentication = client.secret == nil ? nil : client.authentication.rawValue
        let value = JSON.object([
            "version": .integer(Self.version), "account": .string(account), "service": .string(service),
            "account_name": accountName.map(JSON.string), "issuer": issuer.map(JSON.string),
            "token_endpoint": .string(tokenEndpoint), "revocation_endpoint": revocationEndpoint.map(JSON.string),
            "client_id": .string(client.id), "client_secret": client.secret?.exposedText.map(JSON.string),
            "client_authentication": authentication.map(JSON.string), "scopes": .texts(scopes),
            "requested_scopes": requestedScopes.isEmpty ? nil : .texts(requestedScopes),
            "requested_contexts": requestedContexts.isEmpty ? nil : .texts(requestedContexts),
            "resource": resource.map(JSON.string), "label": label.map(JSON.string), "email": email.map(JSON.string),
            "refresh_token": refreshToken?.exposedText.map(JSON.string),
            "access_token": accessToken?.exposedText.map(JSON.string), "granted_at": .integer(grantedAt),
            "ended_at": endedAt.map(JSON.integer), "first_of_client": isFirstOfClient ? .bool(true) : nil,
            "lists_offline_access": listsOfflineAccess.map(JSON.bool),
        ])
        return Secret(value.compact)
    }

    /// Reads the result of ``encoded``. Returns nil for anything else and for a later version.
    package init?(_ secret: Secret) {
        guard let value = JSON.parse(secret.exposedBytes), value["version"]?.integer == Self.version,
            let account = value["account"]?.text, let service = value["service"]?.text,
            let tokenEndpoint = value["token_endpoint"]?.text, let client = value["client_id"]?.text,
            let scopes = value["scopes"]?.texts, let grantedAt = value["granted_at"]?.integer
        else { return nil }
        func hidden(_ name: String) -> Secret? { value[name]?.text.map { Secret($0) } }
        self.init(
            account: account, service: service, accountName: value["account_name"]?.text,
            issuer: value["issuer"]?.text, tokenEndpoint: tokenEndpoint,
            revocationEndpoint: value["revocation_endpoint"]?.text,
            client: Client(
                id: client, secret: hidden("client_secret"),
                authentication: value["client_authentication"]?.text.flatMap(ClientAuthentication.init) ?? .none),
            scopes: scopes, requestedScopes: value["requested_scopes"]?.texts ?? [],
            requestedContexts: value["requested_contexts"]?.texts ?? [], resource: value["resource"]?.text,
            label: value["label"]?.text, email: value["email"]?.text, refreshToken: hidden("refresh_token"),
            accessToken: hidden("access_token"), grantedAt: grantedAt, endedAt: value["ended_at"]?.integer,
            isFirstOfClient: value["first_of_client"]?.truth ?? false,
            listsOfflineAccess: value["lists_offline_access"]?.truth)
    }
}
