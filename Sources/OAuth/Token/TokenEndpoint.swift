package import Secrets

/// Turns codes and refresh tokens into access tokens (RFC 6749 section 3.2). Every call is one POST, never repeated.
package struct TokenEndpoint: Sendable {
    let url: EndpointURL
    let client: Client
    let transport: any HTTPTransport

    package init(url: EndpointURL, client: Client, transport: any HTTPTransport) {
        (self.url, self.client, self.transport) = (url, client, transport)
    }

    /// Redeems an authorization code (RFC 6749 section 4.1.3, RFC 7636 section 4.5).
    package func exchange(
        code: Secret, codeVerifier: Secret, redirectURI: String, resource: String?
    ) async throws(OAuthError) -> TokenResponse {
        throw .unusableToken
    }

    /// Refreshes (RFC 6749 section 6). Only `refused` with `invalid_grant` says that the refresh token is dead.
    package func refresh(_ refreshToken: Secret, resource: String?) async throws(OAuthError) -> TokenResponse {
        throw .unusableToken
    }
}
