import Console
import CredentialProtocol
import OAuth

extension Report {
    /// A server that TLS did not authenticate. Nothing was sent to it. The hint depends on the reason.
    init(untrusted host: String, because reason: Distrust) {
        let ownAuthority =
            "if an authority of your own network signed it, set ca_file or SSL_CERT_FILE to the file of that authority"
        let (said, hint): (String, String) =
            switch reason {
            case .expired:
                (
                    "its certificate has expired",
                    "check the clock of this machine; if it is right, the server needs a new certificate"
                )
            case .notYetValid: ("its certificate is not valid yet", "check the clock of this machine")
            case .selfSigned: ("its certificate is self-signed", ownAuthority)
            case .unknownAuthority:
                ("its certificate is signed by an authority that is not trusted here", ownAuthority)
            case .otherName:
                ("its certificate is for another name", "check the address; is there a network sign-in page?")
            case .authoritiesUnreadable:
                (
                    "the file of certificate authorities cannot be read",
                    "check ca_file, SSL_CERT_FILE and git's http.sslCAInfo, which take absolute paths"
                )
            case .handshakeFailed:
                ("its certificate is not trusted, or it does not speak TLS", ownAuthority)
            }
        // An unreadable local file needs a change by the user; other reasons may be temporary.
        let status: Int32 = reason == .authoritiesUnreadable ? 78 : 75
        self.init("cannot trust \(Messages.printable(host)): \(said)", hint: hint, status: status)
    }
}
