package import Addresses
package import Secrets

/// Exchanges codes and refresh tokens for access tokens (RFC 6749 section 3.2). A POST is sent again only if the server
/// refuses the client, or has not processed a refresh.
package struct TokenEndpoint: Sendable {
    private let url: EndpointURL
    private let client: Client
    private let supported: [String]?
    private let transport: any HTTPTransport

    /// - Parameter supported: `token_endpoint_auth_methods_supported` of the metadata; nil if it is unknown.
    package init(url: EndpointURL, client: Client, supported: [String]? = nil, transport: any HTTPTransport) {
        (self.url, self.client, self.supported, self.transport) = (url, client, supported, transport)
    }

    /// Exchanges an authorization code (RFC 6749 section 4.1.3, RFC 7636 section 4.5). After any answer the code cannot
    /// be used again.
    ///
    /// - Parameter redirectURI: exactly as in the authorization request.
    /// - Throws: `codeSpent` with `invalid_grant` if the server has refused the first form of the client's secret, and has
    ///   used up the code before it did so.
    package func exchange(
        code: Secret, codeVerifier: Secret, redirectURI: String, resource: String?
    ) async throws(OAuthError) -> TokenResponse {
        var form = FormBody()
        form.append("grant_type", "authorization_code")
        form.append("code", code)
        form.append("redirect_uri", redirectURI)
        form.append("code_verifier", codeVerifier)
        form.append("resource", resource)
        let (response, authentication) = try await answer(to: form)
        do {
            return try await token(in: response, authentication, resource: resource)
        } catch {
            guard case .refused(_, _, "invalid_grant", _) = error, authentication != client.authentication else {
                throw error
            }
            throw .codeSpent(by: error)
        }
    }

    /// Refreshes (RFC 6749 section 6). An answer without a refresh token means that the old one stays valid.
    ///
    /// - Parameter scopes: the scopes of the access token, some of those that the user has granted; none for all of these.
    /// - Throws: `refused`; see ``OAuthError/endsRefreshToken``.
    package func refresh(
        _ refreshToken: Secret, scopes: [String] = [], resource: String?
    ) async throws(OAuthError) -> TokenRefresh {
        var form = FormBody()
        form.append("grant_type", "refresh_token")
        form.append("refresh_token", refreshToken)
        form.append("scope", scopes.isEmpty ? nil : scopes.joined(separator: " "))
        form.append("resource", resource)
        let (response, authentication) = try await answer(to: form, .ifUnprocessed)
        let answer: TokenAnswer
        do { answer = try TokenAnswer(granted: response, by: url.host) } catch {
            guard let beside = refreshTokenLeft(in: response, beside: error) else { throw error }
            return TokenRefresh(
                refreshToken: beside, authentication: authentication, response: .failure(error))
        }
        return TokenRefresh(
            refreshToken: TokenResponse.refreshToken(answer), authentication: authentication,
            response: Result { () throws(OAuthError) in try TokenResponse(answer, of: response, from: url.host) })
    }

    /// The refresh token in an answer that gives no access token because of `error`; nil if it has none. Some servers send one
    /// beside an error.
    private func refreshTokenLeft(in response: HTTPResponse, beside error: OAuthError) -> Secret? {
        guard !error.endsRefreshToken, !(300..<400).contains(response.status) else { return nil }
        return (try? TokenAnswer(response, host: url.host)).flatMap(TokenResponse.refreshToken)
    }

    /// The host of the endpoint.
    var host: String { url.host }

    /// Sends a token request and returns any answer, with the authentication of the request.
    func answer(
        to form: FormBody, _ repetition: HTTPRequest.Repetition = .never
    ) async throws(OAuthError) -> (response: HTTPResponse, authentication: ClientAuthentication) {
        try await transport.send(form, as: client, to: url, supported: supported, repetition)
    }

    /// Reads the answer to a request that cannot be repeated. If the answer has a refresh token but no access token that can
    /// be used, for instance because it is cut off, one refresh gives the access token.
    func token(
        in response: HTTPResponse, _ authentication: ClientAuthentication, resource: String?
    ) async throws(OAuthError) -> TokenResponse {
        var token: TokenResponse
        do {
            token = try TokenResponse(response, from: url.host)
        } catch {
            switch error {
            case .refused, .unexpectedTokenType: throw error
            default: break
            }
            guard let kept = refreshTokenLeft(in: response, beside: error),
                let refreshed = try? await refresh(kept, resource: resource), let second = try? refreshed.response.get()
            else { throw error }
            token = second
            token.refreshToken = refreshed.refreshToken ?? kept
        }
        token.authentication = authentication
        return token
    }
}

/// The answer to a refresh. A new refresh token cannot be had again, so it is kept even if the rest is unusable.
package struct TokenRefresh: Sendable {
    /// The new refresh token; nil if the one that was sent stays valid.
    package let refreshToken: Secret?
    /// The form in which the server has accepted the client's secret.
    package let authentication: ClientAuthentication
    /// The response, or why it cannot be used.
    package let response: Result<TokenResponse, OAuthError>
}
