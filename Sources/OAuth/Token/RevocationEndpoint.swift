package import Secrets

/// What kind of token is to be revoked (RFC 7009 section 2.1).
package enum TokenTypeHint: String, Sendable {
    case refreshToken = "refresh_token"
    case accessToken = "access_token"
}

/// Revokes tokens (RFC 7009). A token that the server does not know counts as revoked.
package struct RevocationEndpoint: Sendable {
    let url: EndpointURL
    let client: Client
    let transport: any HTTPTransport

    package init(url: EndpointURL, client: Client, transport: any HTTPTransport) {
        (self.url, self.client, self.transport) = (url, client, transport)
    }

    /// Asks the server to forget `token`; an error need not keep anyone from forgetting it locally.
    package func revoke(_ token: Secret, hint: TokenTypeHint) async throws(OAuthError) {
        throw .unusableToken
    }
}
