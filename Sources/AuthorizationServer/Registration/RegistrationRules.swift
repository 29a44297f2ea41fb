/// How the server registers clients that come by themselves (RFC 7591), and where it departs from the straight path.
package struct RegistrationRules: Sendable {
    package enum Access: Sendable {
        /// No endpoint, and none announced.
        case off
        case open
        /// Announced, but only for those with an initial access token, which nobody has (RFC 7591 section 3): 401.
        case closed
    }

    package var access: Access
    /// The status of a registration that went well: 201 (RFC 7591 section 3.2.1), or the 200 of some servers.
    package var successStatus = 201
    /// Hosts that no redirect URI may have, for instance `127.0.0.1` where a server knows only `localhost`.
    package var refusedRedirectHosts: Set<String> = []
    /// Whether a loopback redirect URI needs `application_type` `native`, as OpenID Connect Registration has it.
    package var loopbackNeedsNative = false
    /// The method that every client gets, whatever it asked for; nil: what it asked for.
    package var authenticationMethod: ClientAuthenticationMethod?
    /// Whether also a client with the method `none` is given a secret, as some servers do.
    package var givesSecretToPublicClients = false
    /// How long a secret is good, in seconds; nil: for ever.
    package var secretLifetime: Int?
    /// Whether a client can read, change and delete its registration (RFC 7592).
    package var isManaged = true
    /// Whether a change gives a new registration access token and ends the old one (RFC 7592 section 3).
    package var rotatesAccessToken = true
    /// Members that replace or join those of the answer; `.null` removes one.
    package var extraMembers: [String: JSONValue] = [:]

    package init(access: Access = .off) { self.access = access }
}
