package import CredentialProtocol
import Crypto
package import OAuth

/// Who is meant when a caller asks for a service: one identity at one authorization server, for one service.
///
/// An account is found, not made up: by configuration (``Configuration``) or by git's own settings. Everything secret is
/// kept under its ``id``, so nothing that belongs to one issuer, client, service or person is ever used for another.
package struct Account: Sendable, Equatable {
    /// The service this account is for: an origin, or an origin with a path prefix.
    package var service: ServiceURL
    /// Where the authorization server is.
    package var server: ServerLocation
    /// How near to this machine that may be; nil: as near as it is.
    package var reach: Configuration.Reach?
    /// Other hosts at which the server may have endpoints, as a person has agreed (``EndpointHosts``).
    package var endpointHosts: [String] = []
    /// The client that we are to this authorization server; nil: the one as which keyfob is registered there.
    package var client: Client?
    /// Where the document that describes keyfob as a client is published, if it is.
    package var clientMetadataDocument: String?
    /// The scopes to ask for; empty means that the parameter is left out (RFC 6749 section 3.3).
    package var scopes: [String] = []
    /// Whether `offline_access` may be added to ``scopes``: where the server's own word chose them, and not a person's.
    package var addsOfflineAccess = false
    /// The resource indicator to send (RFC 8707); nil means none.
    package var resource: String?
    /// The name of the parameter for it.
    package var resourceParameter = Configuration.ResourceParameter.resource
    /// The name that the service wants beside the token.
    package var username: String?
    /// Which of several accounts at one service this is; nil where there is only one.
    package var name: String?
    /// How the person signs in; nil: as it fits the place where they sit.
    package var flow: Flow?
    /// The shape of the redirect URI (RFC 8252 section 7.3); nil: that of the client's registration.
    package var redirect: RedirectTemplate?
    /// Whether the server must announce S256 (RFC 7636 section 4.2).
    package var pkce = PKCEPolicy.required
    /// The seconds of life that a token needs to be handed out, unless the caller says.
    package var minTTL: Int64 = 300
    /// How long a person may take to sign in.
    package var loginDeadline = Duration.seconds(300)
    /// A PEM file with authorities to trust beside the system's.
    package var certificateAuthorityFile: String?
    /// How the person has to sign in the next time, where a service has asked for that.
    package var stepUp: StepUp?
    /// What is known of the program that serves this host.
    package var provider: KnownHost?
    /// Whether git's settings have named it, and the configuration has not.
    package var isFromGit = false
    /// What a person agrees to by the next sign-in, and what is written down with it; nil where that is written already.
    package var approval: Configuration.Host?

    package init(service: ServiceURL, server: ServerLocation, client: Client?) {
        self.service = service
        self.server = server
        self.client = client
    }

    /// Where an account's authorization server is found.
    package enum ServerLocation: Sendable, Equatable {
        /// By discovery from the issuer (RFC 8414, OpenID Connect Discovery 1.0); an endpoint that a person wrote down
        /// counts more than what the metadata say of it.
        case issuer(String, device: EndpointURL? = nil, revocation: EndpointURL? = nil)
        /// By endpoints that a person wrote down.
        case endpoints(AuthorizationServerMetadata)

        /// What names the server: the issuer, or its token endpoint.
        package var identifier: String {
            switch self {
            case .issuer(let issuer, _, _): issuer
            case .endpoints(let metadata): metadata.issuer ?? metadata.tokenEndpoint.string
            }
        }
    }

    /// Whether the service has named the server, and no person has written it down.
    package var isDiscovered: Bool {
        if case .issuer = server { reach != nil } else { false }
    }

    /// ``reach`` in terms of addresses. Any service has one, whatever its host: link-local, multicast, mapped.
    package var addresses: Reach {
        switch reach {
        case nil: .anywhere
        case .service: .asPublicAs(Reach.Resource(service))
        case .privateNetworks: .privateNetworks(of: Reach.Resource(service))
        }
    }

    /// The ways to sign in.
    package enum Flow: String, Sendable, CaseIterable {
        /// In the browser of this machine, which comes back to a listener (RFC 8252).
        case loopback
        /// At another device, with a code to be typed there (RFC 8628).
        case device
        /// In any browser; the person pastes the address that it ended on.
        case paste
    }

    /// The key for all that is kept about this account: 32 hexadecimal digits of a SHA-256 over server, client, service
    /// and account name. It tells nothing to who reads it, and it is the same in each process. A client as which keyfob
    /// has registered itself counts as none: it may be another one tomorrow.
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
    /// The origin of a service. There is no service without one.
    package init(_ service: ServiceURL) {
        self.init(origin: service.origin, host: service.host, isLoopback: service.isLoopback)
    }
}
