/// What a login needs to know of an authorization server: from RFC 8414 or OpenID Connect discovery, or by hand.
package struct AuthorizationServerMetadata: Sendable, Equatable {
    /// As the document writes it; nil for endpoints configured by hand.
    package var issuer: String?
    package var authorizationEndpoint: EndpointURL
    package var tokenEndpoint: EndpointURL
    package var deviceAuthorizationEndpoint: EndpointURL?
    package var revocationEndpoint: EndpointURL?
    package var registrationEndpoint: EndpointURL?
    /// nil where the document is silent, which is no promise of PKCE.
    package var codeChallengeMethodsSupported: [String]?
    /// RFC 9207 section 3.
    package var authorizationResponseIssParameterSupported: Bool
    package var scopesSupported: [String]?

    /// For endpoints configured by hand, and for tests.
    package init(
        issuer: String? = nil, authorizationEndpoint: EndpointURL, tokenEndpoint: EndpointURL,
        deviceAuthorizationEndpoint: EndpointURL? = nil, revocationEndpoint: EndpointURL? = nil,
        registrationEndpoint: EndpointURL? = nil, codeChallengeMethodsSupported: [String]? = nil,
        authorizationResponseIssParameterSupported: Bool = false, scopesSupported: [String]? = nil
    ) {
        self.issuer = issuer
        self.authorizationEndpoint = authorizationEndpoint
        self.tokenEndpoint = tokenEndpoint
        self.deviceAuthorizationEndpoint = deviceAuthorizationEndpoint
        self.revocationEndpoint = revocationEndpoint
        self.registrationEndpoint = registrationEndpoint
        self.codeChallengeMethodsSupported = codeChallengeMethodsSupported
        self.authorizationResponseIssParameterSupported = authorizationResponseIssParameterSupported
        self.scopesSupported = scopesSupported
    }
}
