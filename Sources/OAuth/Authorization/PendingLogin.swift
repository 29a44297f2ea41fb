package import Secrets

/// A login that waits for the user: the listener is bound, no browser has been opened yet.
package struct PendingLogin: Sendable {
    /// The address for a browser on this machine: a page of our listener that works once and redirects to the server.
    /// nil if nothing listens.
    package var startAddress: String?
    /// The authorization request itself, for a browser on any machine. That browser ends on an address that the user
    /// pastes.
    package var authorizationAddress: String
    /// How long both addresses can be opened from now: a pushed request expires (RFC 9126 section 2.2). nil: until the
    /// deadline.
    package var addressLifetime: Duration?
    /// The host of the authorization endpoint, for display.
    package var authorizationServer: String
    /// The host that receives the code, with its port if that is not the default; nil if it is ``authorizationServer``.
    package var tokenServer: String?
    /// When the login times out.
    package var deadline: ContinuousClock.Instant
    /// Exactly as in the authorization request.
    package var redirectURI: String
    /// The port of the listener; nil if nothing listens.
    package var port: Int?
    /// Takes the complete address on which a browser ended, as the user pasted it. Returns nil if the login continues
    /// with it. Otherwise returns the error (`notTheRedirect`, `anotherLogin`); then nothing has changed and the user
    /// may try again.
    ///
    /// The code alone is not enough: the address also carries `state` and `iss`, which are checked as on the listener.
    package var offer: @Sendable (Secret) -> OAuthError?

    package init(
        startAddress: String?, authorizationAddress: String, addressLifetime: Duration? = nil,
        authorizationServer: String, tokenServer: String?, deadline: ContinuousClock.Instant, redirectURI: String,
        port: Int?,
        offer: @escaping @Sendable (Secret) -> OAuthError?
    ) {
        (self.startAddress, self.authorizationAddress) = (startAddress, authorizationAddress)
        self.addressLifetime = addressLifetime
        (self.authorizationServer, self.tokenServer) = (authorizationServer, tokenServer)
        self.deadline = deadline
        (self.redirectURI, self.port, self.offer) = (redirectURI, port, offer)
    }
}
