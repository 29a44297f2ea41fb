/// The reason why TLS rejected a server.
package enum Distrust: Sendable, Equatable {
    /// The certificate has expired or is not valid yet; or this machine's clock is wrong.
    case expired, notYetValid
    /// The certificate is signed only by itself.
    case selfSigned
    /// The certificate's authority is not trusted here; or the certificate has a fault that looks the same.
    case unknownAuthority
    /// The certificate is for another name.
    case otherName
    /// The file with the trusted authorities cannot be read.
    case authoritiesUnreadable
    /// The server sent no certificate; perhaps it does not speak TLS.
    case handshakeFailed
}
