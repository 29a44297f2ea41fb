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
    /// A server that refuses our redirect URI is asked again with others (``ClientMetadata/alternatives(isLabelNeeded:)``);
    /// the redirect URIs of the result are those in force.
    ///
    /// - Parameter isLabelNeeded: whether the redirect URI keeps its label (``RedirectTemplate/loopback(labelled:)``).
    ///
    /// Throws `refused` with the server's `invalid_redirect_uri` or `invalid_client_metadata` (RFC 7591 section 3.2.2),
    /// `registrationClosed` where not everybody may register, `unsupportedClientAuthentication`, and what a transport
    /// throws.
    package func register(
        _ metadata: ClientMetadata, issuer: String, isLabelNeeded: Bool = false
    ) async throws(OAuthError) -> ClientRegistration {
        var refusal: OAuthError?
        for choice in [metadata] + metadata.alternatives(isLabelNeeded: isLabelNeeded) {
            do {
                return try await send(choice, issuer: issuer)
            } catch {
                guard case .refused(_, _, "invalid_redirect_uri", _) = error else { throw error }
                refusal = error
            }
        }
        throw refusal ?? .invalidEndpoint(member: "redirect_uris")
    }

    private func send(_ metadata: ClientMetadata, issuer: String) async throws(OAuthError) -> ClientRegistration {
        let request = HTTPRequest(.post, json: try metadata.encoded(), to: url)
        let response = try await transport.send(request)
        return try RegistrationAnswer(metadata: metadata, issuer: issuer, url: url).registration(response)
    }
}
