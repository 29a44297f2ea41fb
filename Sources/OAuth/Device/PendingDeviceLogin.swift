/// A login that waits for its person at another device (RFC 8628 section 3.3).
package struct PendingDeviceLogin: Sendable, Equatable {
    /// To be typed there: always shown, also beside ``completeAddress`` (section 3.3.1).
    package var userCode: String
    /// Where the code is typed: https, or http on this machine.
    package var address: EndpointURL
    /// The same with the code filled in, for a QR code or a browser; nil if the server has none.
    package var completeAddress: EndpointURL?
    /// The host that gets the device code, as in ``PendingLogin/tokenServer``.
    package var tokenServer: String?
    /// When the code dies, or our patience ends.
    package var deadline: ContinuousClock.Instant

    package init(
        userCode: String, address: EndpointURL, completeAddress: EndpointURL?, tokenServer: String?,
        deadline: ContinuousClock.Instant
    ) {
        (self.userCode, self.address, self.completeAddress) = (userCode, address, completeAddress)
        (self.tokenServer, self.deadline) = (tokenServer, deadline)
    }

    /// The host of ``address``, to be shown.
    package var authorizationServer: String { address.host }
}
