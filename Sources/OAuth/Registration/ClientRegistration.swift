package import Addresses
package import Secrets

/// A registration as the server confirmed it (RFC 7591 section 3.2.1): a client at one issuer.
package struct ClientRegistration: Sendable, Equatable {
    /// The issuer, as its metadata write it.
    package var issuer: String
    /// The client, with the authentication method that the server chose, which may differ from the requested one.
    package var client: Client
    /// Loopback redirect URIs; the first one is used.
    package var redirectURIs: [String]
    /// When the secret expires, in seconds since 1970-01-01 UTC; nil if it never does or there is none.
    package var secretExpiresAt: Int64?
    /// The token for ``RegistrationManagement``; nil if the server offers no management (RFC 7592 section 3).
    package var registrationAccessToken: Secret?
    /// The URL at which the registration can be changed and deleted. Present exactly if the token is.
    package var registrationClientURI: EndpointURL?

    /// Whether the user registered the client by hand. Then only the user changes it.
    package var isByPerson: Bool
    /// Whether the server has refused a client right after it had registered it. Until a sign-in works, only the user
    /// decides to register again.
    package var isRefused = false
    /// If keyfob cannot use the registration: the member that makes it unusable (``OAuthError/unusableMember``). It stays as
    /// a note, so that no sign-in registers one client after another.
    package var unusableMember: String?

    package init(
        issuer: String, client: Client, redirectURIs: [String], secretExpiresAt: Int64? = nil,
        registrationAccessToken: Secret? = nil, registrationClientURI: EndpointURL? = nil, isByPerson: Bool = false
    ) {
        self.isByPerson = isByPerson
        (self.issuer, self.client, self.redirectURIs) = (issuer, client, redirectURIs)
        (self.secretExpiresAt, self.registrationAccessToken) = (secretExpiresAt, registrationAccessToken)
        self.registrationClientURI = registrationClientURI
    }

    /// The redirect URI for a login, with the registered port; nil if keyfob can listen on none of them.
    package var redirect: RedirectTemplate? {
        redirectURIs.lazy.compactMap { try? RedirectTemplate($0) }.first
    }

    /// Whether the secret has expired at `now`, in seconds since 1970-01-01 UTC. keyfob then registers again.
    package func isExpired(at now: Int64) -> Bool {
        secretExpiresAt.map { $0 <= now } ?? false
    }
}
