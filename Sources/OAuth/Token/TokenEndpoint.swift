package import Secrets

/// Turns codes and refresh tokens into access tokens (RFC 6749 section 3.2). Every call is one POST, never repeated but for
/// a refresh that the server has not looked at.
package struct TokenEndpoint: Sendable {
    private let url: EndpointURL
    private let client: Client
    private let transport: any HTTPTransport

    package init(url: EndpointURL, client: Client, transport: any HTTPTransport) {
        (self.url, self.client, self.transport) = (url, client, transport)
    }

    /// Redeems an authorization code (RFC 6749 section 4.1.3, RFC 7636 section 4.5).
    ///
    /// `redirectURI` is the very text of the authorization request. After an answer of any kind the code is spent.
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

    /// Refreshes (RFC 6749 section 6). Only `refused` with `invalid_grant` says that the refresh token is dead; an answer
    /// without a refresh token leaves the old one in force.
    package func refresh(_ refreshToken: Secret, resource: String?) async throws(OAuthError) -> TokenResponse {
        var form = FormBody()
        form.append("grant_type", "refresh_token")
        form.append("refresh_token", refreshToken)
        form.append("resource", resource)
        return try await send(form, .ifUnprocessed)
    }

    /// Asks whether the person has finished at their other device (RFC 8628 section 3.4).
    func poll(deviceCode: Secret, resource: String?) async throws(OAuthError) -> TokenResponse {
        var form = FormBody()
        form.append("grant_type", "urn:ietf:params:oauth:grant-type:device_code")
        form.append("device_code", deviceCode)
        form.append("resource", resource)
        return try await send(form)
    }

    private func send(
        _ form: FormBody, _ repetition: HTTPRequest.Repetition = .never
    ) async throws(OAuthError) -> TokenResponse {
        var request = client.request(form, to: url)
        request.repetition = repetition
        return try TokenResponse(try await transport.confide(request), from: url.host)
    }
}
