/// What to do where the metadata does not announce S256.
package enum PKCEPolicy: String, Sendable {
    /// Refuse the login.
    case required
    /// Send the S256 challenge all the same.
    case assumed

    /// Throws `pkceUnsupported` where S256 is needed and not announced.
    package func check(_ metadata: AuthorizationServerMetadata) throws(OAuthError) {
        guard self == .required, metadata.codeChallengeMethodsSupported?.contains("S256") != true else { return }
        throw .pkceUnsupported(issuer: metadata.issuer ?? metadata.authorizationEndpoint.origin)
    }
}
