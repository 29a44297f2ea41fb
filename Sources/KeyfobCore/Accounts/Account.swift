package import Addresses
import Crypto
package import OAuth

/// A sign-in at a service: one identity at one authorization server, for one service.
///
/// It comes from the configuration (``Configuration``) or from git's own settings. keyfob stores every secret under the
/// ``id``, so a secret of one issuer, client, service or user is never used for another.
package struct Account: Sendable, Equatable {
    /// The service this account is for: an origin, or an origin with a path prefix.
    package var service: ServiceURL
    package var server: ServerLocation
    /// How near to this machine the authorization server may be; nil: anywhere.
    package var reach: Configuration.Reach?
    /// Other hosts on which the server may have endpoints, as the user has agreed (``EndpointHosts``).
    package var endpointHosts: [String] = []
    /// The client at the authorization server; nil: the one that keyfob has registered there.
    package var client: Client?
    /// In which form the client sends its secret, if the user has configured that.
    package var clientAuthentication: ClientAuthentication?
    /// The URL of the published document that describes keyfob as a client.
    package var clientMetadataDocument: String?
    /// The scopes to request; if there are none, the parameter is left out (RFC 6749 section 3.3).
    package var scopes: [String] = []
    /// Whether `offline_access` may be added to ``scopes``: if the server has named them, and not the user.
    package var addsOfflineAccess = false
    /// Whether a request with `offline_access` may ask for the user's consent: not if the server is known to need none, or
    /// has refused that.
    var mayAskForConsent = true
    /// The resource indicator to send (RFC 8707); nil means none.
    package var resource: String?
    /// The name of the parameter for it.
    package var resourceParameter = Configuration.ResourceParameter.resource
    /// The user name that the service wants with the token.
    package var username: String?
    /// The mail servers that take the token, as in the key `mail`.
    package var mailServers: [String] = []
    /// The account name; nil if the service has only one account.
    package var name: String?
    /// The origin of ``name``.
    package var nameSource = NameSource.user
    /// The user whom the caller has named, if ``name`` is not that: a sign-in of another user fails.
    var person: String?
    /// How the user signs in; nil: keyfob chooses.
    package var flow: Flow?
    /// The shape of the redirect URI (RFC 8252 section 7.3); nil: that of the client's registration.
    package var redirect: RedirectTemplate?
    /// Whether the server must announce S256 (RFC 7636 section 4.2).
    package var pkce = PKCEPolicy.required
    /// The seconds for which a token must still be valid, unless the caller names a number.
    package var minTTL: Int64 = 300
    /// The time limit for a sign-in.
    package var loginDeadline = Duration.seconds(300)
    /// A PEM file with authorities to trust in addition to the system's.
    package var certificateAuthorityFile: String?
    /// How the user has to sign in the next time, if a service has asked for that.
    package var stepUp: StepUp?
    /// The built-in facts about the host.
    package var provider: KnownHost?
    /// Whether the account comes from git's settings, and not from the configuration.
    package var isFromGit = false
    /// The entry that the next sign-in approves and writes; nil if it is written already.
    package var approval: Configuration.Host?

    package init(service: ServiceURL, server: ServerLocation, client: Client?) {
        self.service = service
        self.server = server
        self.client = client
    }

    /// The origin of an account name. It decides whether the user may mean a sign-in without that name.
    package enum NameSource: Sendable {
        /// The command line.
        case user
        /// The configuration: the user chose it for this service.
        case configuration
        /// The user name in a URL. It need not be how the user calls the account.
        case url
        /// The same, but at this service it is the name of an organisation.
        case urlOfOrganisation
    }

    /// How the authorization server of an account is found.
    package enum ServerLocation: Sendable, Equatable {
        /// By discovery from the issuer (RFC 8414, OpenID Connect Discovery 1.0). A configured endpoint replaces that of
        /// the metadata.
        case issuer(String, device: EndpointURL? = nil, revocation: EndpointURL? = nil)
        /// By the endpoints in the configuration or in the table of known hosts.
        case endpoints(AuthorizationServerMetadata)

        /// The endpoints that need no metadata of the server; nil if there is only an issuer.
        var written: AuthorizationServerMetadata? {
            if case .endpoints(let metadata) = self { metadata } else { nil }
        }

        /// The configured endpoint of the device flow, which replaces that of the metadata.
        var device: EndpointURL? {
            if case .issuer(_, let device, _) = self { device } else { written?.deviceAuthorizationEndpoint }
        }

        /// The configured revocation endpoint, which replaces that of the metadata.
        var revocation: EndpointURL? {
            if case .issuer(_, _, let revocation) = self { revocation } else { written?.revocationEndpoint }
        }

        /// The name of the server: the issuer, or else its token endpoint.
        package var identifier: String {
            switch self {
            case .issuer(let issuer, _, _): issuer
            case .endpoints(let metadata): metadata.issuer ?? metadata.tokenEndpoint.string
            }
        }
    }

    /// Whether the service has named the server, and the user has not.
    package var isDiscovered: Bool {
        if case .issuer = server { reach != nil } else { false }
    }

    /// ``reach`` as a rule for addresses. It works for any kind of host, also link-local, multicast and mapped
    /// addresses.
    package var addresses: Reach {
        switch reach {
        case nil: .anywhere
        case .service: .asPublicAs(Reach.Resource(service))
        case .privateNetworks: .privateNetworks(of: Reach.Resource(service))
        }
    }

    /// The ways to sign in.
    package enum Flow: String, Sendable, CaseIterable {
        /// In the browser of this machine, which returns to a listener (RFC 8252).
        case loopback
        /// On another device, with a code that the user types there (RFC 8628).
        case device
        /// In any browser. The user pastes its last address.
        case paste
    }

    /// The key of all data of this account: 32 hexadecimal digits of a SHA-256 over server, client, service, resource and
    /// account name. It reveals nothing, and is the same in each process and version. A client that keyfob has registered
    /// itself counts as none, because a new registration may replace it.
    package var id: String {
        Self.digest([server.identifier, client?.id ?? "", service.description, resource ?? "", name ?? ""])
    }

    /// 32 hexadecimal digits of a SHA-256 over `facts`.
    static func digest(_ facts: [String]) -> String {
        let digest = SHA256.hash(data: Array(facts.joined(separator: "\n").utf8))
        return digest.prefix(16).map { byte in
            let digits = String(byte, radix: 16)
            return digits.count == 1 ? "0" + digits : digits
        }.joined()
    }
}

extension Reach.Resource {
    /// The origin of a service, which every service has.
    package init(_ service: ServiceURL) {
        self.init(origin: service.origin, host: service.host, isLoopback: service.isLoopback)
    }
}
