package import Secrets

/// What a server made of our registration (RFC 7591 section 3.2.1): a client for this issuer and no other.
package struct ClientRegistration: Sendable, Equatable {
    /// The issuer that registered us, as its metadata write it.
    package var issuer: String
    /// With the authentication that the server decided, whatever we asked for.
    package var client: Client
    /// Loopback addresses to come back to, the first to be used.
    package var redirectURIs: [String]
    /// When the secret ends, in seconds since 1970-01-01 UTC; nil where it never does or there is none.
    package var secretExpiresAt: Int64?
    /// For ``RegistrationManagement``; nil where the server offers none (RFC 7592 section 3).
    package var registrationAccessToken: Secret?
    /// Where the registration itself can be changed and deleted; always beside a token.
    package var registrationClientURI: EndpointURL?

    /// Whether a person registered the client, by hand, and told us: then it is theirs to change.
    package var isByPerson: Bool

    package init(
        issuer: String, client: Client, redirectURIs: [String], secretExpiresAt: Int64? = nil,
        registrationAccessToken: Secret? = nil, registrationClientURI: EndpointURL? = nil, isByPerson: Bool = false
    ) {
        self.isByPerson = isByPerson
        (self.issuer, self.client, self.redirectURIs) = (issuer, client, redirectURIs)
        (self.secretExpiresAt, self.registrationAccessToken) = (secretExpiresAt, registrationAccessToken)
        self.registrationClientURI = registrationClientURI
    }

    /// The redirect URI to log in with, on the port that was registered; nil where none is one that we can listen on.
    package var redirect: RedirectTemplate? {
        redirectURIs.lazy.compactMap { try? RedirectTemplate($0) }.first
    }

    /// Whether the secret is of no use any more at `now`, in seconds since 1970-01-01 UTC: then the registration is made
    /// anew.
    package func isExpired(at now: Int64) -> Bool {
        secretExpiresAt.map { $0 <= now } ?? false
    }
}
