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
    /// The client id that the authorization request has sent.
    package var clientID: String
    /// The scopes that it has sent.
    package var scopes: [String]
    /// Whether the server also lets the user sign in on another device (RFC 8628).
    package var offersDevice: Bool
    /// Takes the address on which a browser ended, as the user pasted it. Returns nil if the login continues with it.
    /// Otherwise returns the error (`notTheRedirect`, `anotherLogin`, `unusableResponse`); then nothing has changed and
    /// the user may try again.
    ///
    /// The code alone is not enough: the address also carries `state` and `iss`, which are checked as on the listener.
    package var offer: @Sendable (Secret) -> OAuthError?
    /// Responses in the user's browser that are no answer, as they come. The login goes on.
    package var remarks: AsyncStream<OAuthError>
    /// Returns whether the valid answer has come.
    package var isAnswered: @Sendable () -> Bool
}
