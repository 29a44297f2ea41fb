import Addresses

/// The action if the metadata does not announce S256.
package enum PKCEPolicy: String, Sendable, CaseIterable {
    /// Refuse the sign-in.
    case required
    /// Send the S256 challenge anyway.
    case assumed

    /// - Throws: `pkceUnsupported` if S256 is required but not announced.
    package func check(_ metadata: AuthorizationServerMetadata) throws(OAuthError) {
        guard self == .required, metadata.codeChallengeMethodsSupported?.contains("S256") != true else { return }
        throw .pkceUnsupported(issuer: metadata.issuer ?? metadata.authorizationEndpoint.origin)
    }
}
