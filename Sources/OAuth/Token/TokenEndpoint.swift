package import Addresses
package import Secrets

/// Exchanges codes and refresh tokens for access tokens (RFC 6749 section 3.2). Every call sends one POST. Only a
/// refresh that the server has not processed is sent again.
package struct TokenEndpoint: Sendable {
    private let url: EndpointURL
    private let client: Client
    private let transport: any HTTPTransport

    package init(url: EndpointURL, client: Client, transport: any HTTPTransport) {
        (self.url, self.client, self.transport) = (url, client, transport)
    }

    /// Exchanges an authorization code (RFC 6749 section 4.1.3, RFC 7636 section 4.5). After any answer the code cannot
    /// be used again.
    ///
    /// - Parameter redirectURI: exactly as in the authorization request.
    package func exchange(
        code: Secret, codeVerifier: Secret, redirectURI: String, resource: String?
    ) async throws(OAuthError) -> TokenResponse {
        var form = FormBody()
        form.append("grant_type", "authorization_code")
        form.append("code", code)
        form.append("redirect_uri", redirectURI)
        form.append("code_verifier", codeVerifier)
        form.append("resource", resource)
        return try await send(form)
    }

    /// Refreshes (RFC 6749 section 6). An answer without a refresh token means that the old one stays valid.
    ///
    /// - Throws: `refused` with `invalid_grant` if the refresh token is no longer valid. No other error means that.
    package func refresh(_ refreshToken: Secret, resource: String?) async throws(OAuthError) -> TokenResponse {
        var form = FormBody()
        form.append("grant_type", "refresh_token")
        form.append("refresh_token", refreshToken)
        form.append("resource", resource)
        return try await send(form, .ifUnprocessed)
    }

    /// The host of the endpoint.
    var host: String { url.host }

    private func send(
        _ form: FormBody, _ repetition: HTTPRequest.Repetition = .never
    ) async throws(OAuthError) -> TokenResponse {
        try token(in: try await answer(to: form, repetition))
    }

    /// Sends a token request and returns any answer.
    func answer(
        to form: FormBody, _ repetition: HTTPRequest.Repetition = .never
    ) async throws(OAuthError) -> HTTPResponse {
        var request = client.request(form, to: url)
        request.repetition = repetition
        return try await transport.sendSecrets(request)
    }

    /// Reads the answer to a token request.
    func token(in response: HTTPResponse) throws(OAuthError) -> TokenResponse {
        try TokenResponse(response, from: url.host)
    }
}
