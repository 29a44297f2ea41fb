import Secrets

/// Registers us at an authorization server (RFC 7591). Every call makes a client at the server: who calls keeps what
/// comes back, one for each issuer.
package struct RegistrationEndpoint: Sendable {
    private let url: EndpointURL
    private let transport: any HTTPTransport

    package init(url: EndpointURL, transport: any HTTPTransport) {
        (self.url, self.transport) = (url, transport)
    }

    /// Registers a client for `issuer`.
    ///
    /// A server that does not take 127.0.0.1 in a redirect URI is asked once more with `localhost`; the redirect URIs of
    /// the result are those in force.
    ///
    /// Throws `refused` with the server's `invalid_redirect_uri` or `invalid_client_metadata` (RFC 7591 section 3.2.2),
    /// `registrationClosed` where not everybody may register, `unsupportedClientAuthentication`, and what a transport
    /// throws.
    package func register(_ metadata: ClientMetadata, issuer: String) async throws(OAuthError) -> ClientRegistration {
        do {
            return try await send(metadata, issuer: issuer)
        } catch {
            guard case .refused(_, _, "invalid_redirect_uri", _) = error, let changed = metadata.withLocalhost
            else { throw error }
            return try await send(changed, issuer: issuer)
        }
    }

    private func send(_ metadata: ClientMetadata, issuer: String) async throws(OAuthError) -> ClientRegistration {
        let request = HTTPRequest(.post, json: try metadata.encoded(), to: url)
        let response = try await transport.send(request)
        return try RegistrationAnswer(metadata: metadata, issuer: issuer, url: url).registration(response)
    }
}
