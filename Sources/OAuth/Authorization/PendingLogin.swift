/// A login that waits for its person: the listener is bound, nothing has been opened yet.
package struct PendingLogin: Sendable {
    /// Where the browser is to be sent: a one-time page on our own listener, which leads on to the server.
    package var startAddress: String
    /// The host of the authorization endpoint, to be shown.
    package var authorizationServer: String
    /// When the login ends by itself.
    package var deadline: ContinuousClock.Instant
    /// Exactly as it stands in the authorization request.
    package var redirectURI: String

    package init(
        startAddress: String, authorizationServer: String, deadline: ContinuousClock.Instant, redirectURI: String
    ) {
        (self.startAddress, self.authorizationServer) = (startAddress, authorizationServer)
        (self.deadline, self.redirectURI) = (deadline, redirectURI)
    }
}
