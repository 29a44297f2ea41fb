import Addresses
import CredentialProtocol
import Secrets

/// Mail servers take an access token in place of a password (SASL `OAUTHBEARER`, RFC 7628, and `XOAUTH2`). A service of the
/// configuration has the sign-in for them.
extension Configuration {
    /// The entry whose mail servers include the one in `request`; nil also if the request is not for a mail server.
    func host(ofMailServerIn request: CredentialRequest) -> Host? {
        guard let port = Self.mailPorts[request.protocolName.asciiLowercased] else { return nil }
        let server = request.host.asciiLowercased
        // Nothing but a host and a port: git's curl would read the host of `mail.example:@other.example` behind the at sign.
        guard let url = try? EndpointURL("https://" + server), url.authority.isSame(as: server) else { return nil }
        let asked = url.authority.isSame(as: url.host) ? "\(server):\(port)" : server
        return hosts.lazy.compactMap { self.host(for: $0.service) }.first { host in
            host.mailServers.contains { asked.isSame(as: $0) || asked.prefix { $0 != ":" }.isSame(as: $0) }
        }
    }

    /// The protocols, and the port if the request names none (git before 2.51 names none for IMAP).
    private static let mailPorts = ["smtp": 25, "smtps": 465, "imap": 143, "imaps": 993]
}

extension Configuration.Host {
    /// The mail servers of the entry, or else those of the known host.
    var mailServers: [String] { mail ?? KnownHost.match(service, provider: provider)?.mailServers ?? [] }
}
