package import Addresses

/// The facts about an authorization server that a sign-in needs: from RFC 8414 or OpenID Connect discovery, or
/// configured.
package struct AuthorizationServerMetadata: Sendable, Equatable {
    /// As the document writes it; nil for endpoints that the user has configured.
    package var issuer: String?
    /// The issuer as it was asked for, if that has one slash more or less than in the document.
    package var otherSpelling: String?
    /// If ``isForDevicesAlone``, this is the device authorization endpoint, whose host the user is told.
    package var authorizationEndpoint: EndpointURL
    package var tokenEndpoint: EndpointURL
    package var deviceAuthorizationEndpoint: EndpointURL?
    /// Whether there is no authorization endpoint: the server offers the device flow and no other (RFC 8414 section 2).
    package var isForDevicesAlone = false
    package var revocationEndpoint: EndpointURL?
    package var registrationEndpoint: EndpointURL?
    /// nil if absent from the document; PKCE support is then unknown.
    package var codeChallengeMethodsSupported: [String]?
    /// RFC 9207 section 3.
    package var authorizationResponseIssParameterSupported: Bool
    package var scopesSupported: [String]?
    /// RFC 9126 section 5.
    package var pushedAuthorizationRequestEndpoint: EndpointURL?
    /// Whether a sign-in must use a pushed request (RFC 9126 section 5).
    package var requiresPushedAuthorizationRequests: Bool
    /// Whether a client id may be the URL of a document that describes the client.
    package var clientIDMetadataDocumentSupported: Bool
    /// nil if absent, which means `client_secret_basic` (RFC 8414 section 2).
    package var tokenEndpointAuthMethodsSupported: [String]?

    /// Every endpoint that receives the user, a code or a secret during a sign-in.
    package var endpoints: [EndpointURL] {
        [
            authorizationEndpoint, tokenEndpoint, deviceAuthorizationEndpoint, pushedAuthorizationRequestEndpoint,
            registrationEndpoint, revocationEndpoint,
        ].compactMap { $0 }
    }

    /// The authority of the token endpoint; nil if `shown`, the URL that the user sees, has the same authority.
    func tokenServer(besides shown: EndpointURL) -> String? {
        tokenEndpoint.authority == shown.authority ? nil : tokenEndpoint.authority
    }

    /// Checks that the server has an authorization endpoint, which a sign-in in a browser needs.
    ///
    /// - Throws: `missingEndpoint`.
    package func checkAuthorizationEndpoint() throws(OAuthError) {
        if isForDevicesAlone { throw .missingEndpoint(member: "authorization_endpoint") }
    }

    /// For a server that offers the device flow and no other.
    package init(
        issuer: String?, deviceAuthorizationEndpoint: EndpointURL, tokenEndpoint: EndpointURL,
        revocationEndpoint: EndpointURL? = nil
    ) {
        self.init(
            issuer: issuer, authorizationEndpoint: deviceAuthorizationEndpoint, tokenEndpoint: tokenEndpoint,
            deviceAuthorizationEndpoint: deviceAuthorizationEndpoint, revocationEndpoint: revocationEndpoint)
        isForDevicesAlone = true
    }

    /// For endpoints that the user has configured, and for tests.
    package init(
        issuer: String? = nil, authorizationEndpoint: EndpointURL, tokenEndpoint: EndpointURL,
        deviceAuthorizationEndpoint: EndpointURL? = nil, revocationEndpoint: EndpointURL? = nil,
        registrationEndpoint: EndpointURL? = nil, codeChallengeMethodsSupported: [String]? = nil,
        authorizationResponseIssParameterSupported: Bool = false, scopesSupported: [String]? = nil,
        pushedAuthorizationRequestEndpoint: EndpointURL? = nil, requiresPushedAuthorizationRequests: Bool = false,
        clientIDMetadataDocumentSupported: Bool = false, tokenEndpointAuthMethodsSupported: [String]? = nil
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
        self.pushedAuthorizationRequestEndpoint = pushedAuthorizationRequestEndpoint
        self.requiresPushedAuthorizationRequests = requiresPushedAuthorizationRequests
        self.clientIDMetadataDocumentSupported = clientIDMetadataDocumentSupported
        self.tokenEndpointAuthMethodsSupported = tokenEndpointAuthMethodsSupported
    }
}
