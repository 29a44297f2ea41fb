package import Secrets

/// A login that waits for its person: the listener is bound, nothing has been opened yet.
package struct PendingLogin: Sendable {
    /// Where a browser of this machine is to be sent: a one-time page on our own listener, which leads on to the server.
    /// nil where nothing listens.
    package var startAddress: String?
    /// The authorization request itself, for a browser anywhere: it ends on an address that is to be pasted.
    package var authorizationAddress: String
    /// How long both addresses may be opened from now on: a pushed request dies (RFC 9126 section 2.2). nil: until the
    /// deadline.
    package var addressLifetime: Duration?
    /// The host of the authorization endpoint, to be shown.
    package var authorizationServer: String
    /// The host that gets the code, with its port if that is not the usual one; nil if it is the one to be shown.
    package var tokenServer: String?
    /// When the login ends by itself.
    package var deadline: ContinuousClock.Instant
    /// Exactly as it stands in the authorization request.
    package var redirectURI: String
    /// The port that is listened on; nil where nothing listens.
    package var port: Int?
    /// Takes the whole address that a browser ended on, as a person pasted it: nil, and the login goes on with it; or
    /// what is wrong with it (`notTheRedirect`, `anotherLogin`), which changes nothing: the person may try again.
    ///
    /// The whole address, not the code alone: it carries `state` and `iss`, and both are checked as on the listener.
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
