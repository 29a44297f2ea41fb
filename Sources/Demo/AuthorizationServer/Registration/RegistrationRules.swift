/// The rules for clients that register themselves (RFC 7591), and the deviations from the standards.
package struct RegistrationRules: Sendable {
    package enum Access: Sendable {
        /// There is no endpoint, and none is announced.
        case off
        case open
        /// Announced, but every request gets 401: it needs an initial access token (RFC 7591 section 3), and the server
        /// issues none.
        case closed
    }

    package var access: Access
    /// The status of a successful registration: 201 (RFC 7591 section 3.2.1), or 200 as from some servers.
    package var successStatus = 201
    /// Hosts that a redirect URI must not have, for instance `127.0.0.1` if a server accepts only `localhost`.
    package var refusedRedirectHosts: Set<String> = []
    /// Whether a loopback redirect URI needs `application_type` `native`, as in OpenID Connect Registration.
    package var loopbackNeedsNative = false
    /// The authentication method that every client gets; nil for the requested one.
    package var authenticationMethod: ClientAuthenticationMethod?
    /// Whether a client with the method `none` also gets a secret, as from some servers.
    package var givesSecretToPublicClients = false
    /// The method by which a client with the method `none` must prove itself although it registered without; nil for none.
    package var wantedProof: ClientAuthenticationMethod?
    /// The lifetime of a secret in seconds; nil for no end.
    package var secretLifetime: Int?
    /// Whether a client can read, change and delete its registration (RFC 7592).
    package var isManaged = true
    /// Whether a change issues a new registration access token and invalidates the old one (RFC 7592 section 3).
    package var rotatesAccessToken = true
    /// Members that replace or add to those of the response; `.null` removes one.
    package var extraMembers: [String: JSONValue] = [:]

    package init(access: Access = .off) { self.access = access }
}
