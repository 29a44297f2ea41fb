import Addresses
package import OAuth
import Secrets

/// The hosts to which a sign-in may send the user, a code or a secret.
///
/// A service names its authorization server, and that server's metadata name its endpoints. A hostile server could name
/// the authorization endpoint of another server and a token endpoint of its own. It would then get codes, and with them
/// tokens, of the other server (mix-up, RFC 9700 section 4.4). So if a service has named the server, each endpoint must be
/// on the issuer's own host or on a host that the user has accepted for this issuer.
struct EndpointHosts {
    /// The accepted hosts, as ``EndpointURL/authority`` writes them. nil means any host, because the user has configured the
    /// server.
    private let allowed: [String]?

    /// - Parameter issuer: the issuer in the metadata; nil if the server is configured by its endpoints.
    init(of account: Account, issuer: String?) throws(OAuthError) {
        guard account.isDiscovered else {
            allowed = nil
            return
        }
        guard let issuer, let url = try? EndpointURL(issuer) else { throw .invalidEndpoint(member: "issuer") }
        let known = KnownIssuer.match(account.server)?.endpointHosts ?? []
        allowed = [url.authority] + known + account.endpointHosts
    }

    /// The hosts of `urls` that are not accepted, each once and in this order.
    func foreign(among urls: [EndpointURL]) -> [String] {
        guard let allowed else { return [] }
        var seen: Set<String> = []
        return urls.map(\.authority).filter { !allowed.holdsSame(as: $0) && seen.insert($0).inserted }
    }
}

/// Hosts other than the issuer's own that would take part in a sign-in, each with its port unless that is the default.
package struct OtherHosts: Sendable, Equatable {
    /// Hosts on which the user would sign in or type a code.
    package var pages: [String]
    /// Hosts to which keyfob would send codes, tokens and secrets.
    package var receivers: [String]

    package init(pages: [String] = [], receivers: [String] = []) {
        (self.pages, self.receivers) = (pages, receivers)
    }

    /// Each host once.
    package var all: [String] { pages + receivers.filter { !pages.holdsSame(as: $0) } }
}

extension Account {
    /// The hosts of a server's endpoints to which the user would have to agree before a sign-in.
    ///
    /// - Throws: `OAuthError.invalidEndpoint` if the metadata of a server that the service has named lack an issuer.
    package func hostsToAgreeTo(at metadata: AuthorizationServerMetadata) throws(OAuthError) -> [String] {
        try EndpointHosts(of: self, issuer: metadata.issuer).foreign(among: metadata.endpoints)
    }
}
