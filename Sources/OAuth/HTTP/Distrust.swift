/// Why TLS did not vouch for a server.
package enum Distrust: Sendable, Equatable {
    /// The certificate's time is over, or has not begun; or this machine's clock is wrong.
    case expired, notYetValid
    /// Nobody but itself vouches for the certificate.
    case selfSigned
    /// An authority vouches for it that nobody here trusts; or it is wrong in a way that cannot be told from that.
    case unknownAuthority
    /// The certificate is for another name.
    case otherName
    /// The file of those who are trusted cannot be read.
    case authoritiesUnreadable
    /// It came to no certificate: perhaps the server does not speak TLS.
    case handshakeFailed
}
