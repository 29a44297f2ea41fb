/// Finds the metadata of an issuer (RFC 8414 section 3, OpenID Connect Discovery 1.0 section 4).
package struct Discovery: Sendable {
    private let transport: any HTTPTransport

    package init(transport: some HTTPTransport) {
        self.transport = transport
    }

    /// Fetches and checks the metadata of `issuer`.
    package func metadata(issuer: String) async throws(OAuthError) -> AuthorizationServerMetadata {
        throw .metadataNotFound(issuer: issuer)
    }
}
