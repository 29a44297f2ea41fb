package import Addresses

/// A login that waits for the user on another device (RFC 8628 section 3.3).
package struct PendingDeviceLogin: Sendable, Equatable {
    /// The code to type there. It is always shown, even with ``completeAddress`` (section 3.3.1).
    package var userCode: String
    /// The address of the page on which the user types the code: https, or http on this machine.
    package var address: EndpointURL
    /// The same address with the code filled in, for a QR code or a browser; nil if the server sent none.
    package var completeAddress: EndpointURL?
    /// The host that receives the device code, as in ``PendingLogin/tokenServer``.
    package var tokenServer: String?
    /// When the code expires, or the login's own time limit ends.
    package var deadline: ContinuousClock.Instant

    package init(
        userCode: String, address: EndpointURL, completeAddress: EndpointURL?, tokenServer: String?,
        deadline: ContinuousClock.Instant
    ) {
        (self.userCode, self.address, self.completeAddress) = (userCode, address, completeAddress)
        (self.tokenServer, self.deadline) = (tokenServer, deadline)
    }

    /// The host of ``address``, for display.
    package var authorizationServer: String { address.host }
}
