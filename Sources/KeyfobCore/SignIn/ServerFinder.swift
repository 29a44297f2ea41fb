package import Addresses
import CredentialProtocol
package import OAuth
import Secrets

/// Finds the authorization server of a service from its URL.
///
/// The order is:
/// 1. the table of known hosts;
/// 2. the service's metadata (RFC 9728): the `resource_metadata` of its challenge, or the well-known locations;
/// 3. an authorization server whose issuer is the service's origin.
///
/// The caller must have the user's approval of the service.
package struct ServerFinder: Sendable {
    let transport: any HTTPTransport
    let reach: @Sendable (EndpointURL, _ resource: EndpointURL) async throws -> Reach

    /// - Parameter reach: how near a server must be allowed to be for a request to it; throws if no request is allowed.
    package init(
        transport: any HTTPTransport,
        reach: @escaping @Sendable (EndpointURL, _ resource: EndpointURL) async throws -> Reach = { .asPublicAs($1) }
    ) {
        self.transport = transport
        self.reach = reach
    }

    /// The result, and the steps to it.
    package struct Finding: Sendable, Equatable {
        /// The service, with its authorization server and everything else to store.
        package var host: Configuration.Host
        package var steps: [Step]

        package init(host: Configuration.Host, steps: [Step]) {
            self.host = host
            self.steps = steps
        }

        /// The service that the metadata name, if it contains the requested service. The finding may be for a part of it.
        package var claimedService: ServiceURL? {
            for case .resourceMetadata(let resource, _) in steps {
                guard let whole = try? ServiceURL(resource), whole.contains(host.service) else { return nil }
                return whole
            }
            return nil
        }
    }

    /// A step of the search, to show to the user.
    package enum Step: Sendable, Equatable {
        /// The host is in the table of known hosts.
        case knownHost(String)
        /// The service has a challenge (RFC 6750 section 3, RFC 9728 section 5.1).
        case challenge(resourceMetadata: String?, scope: [String]?)
        /// The service has no challenge of the scheme Bearer.
        case noChallenge
        /// The service's metadata name these authorization servers (RFC 9728).
        case resourceMetadata(resource: String, servers: [String])
        /// The service has no metadata.
        case noResourceMetadata
        /// The service's origin is an issuer.
        case ownIssuer(String)
    }

    /// Finds the authorization server of `service`. In ``Finding/host`` it is nil only for a known host, whose server is in
    /// the table.
    ///
    /// - Parameters:
    ///   - fields: the `WWW-Authenticate` fields that the caller got. If there are none, keyfob asks the service.
    ///   - pinned: the issuer of an earlier sign-in, preferred if the service still names it.
    /// - Throws: ``CredentialFailure`` if there is no server; `OAuthError` if a request failed.
    package func find(
        _ service: ServiceURL, challenges fields: [String] = [], pinned: String? = nil
    ) async throws -> Finding {
        if let known = KnownHost.match(service, provider: nil) {
            return Finding(
                host: Configuration.Host(service: try ServiceURL(service.origin)), steps: [.knownHost(known.name)])
        }
        let url = try EndpointURL(service)
        var steps: [Step] = []
        let challenge = try await bearer(of: url, among: fields)
        steps.append(
            challenge.map { .challenge(resourceMetadata: $0.resourceMetadata, scope: $0.scope) } ?? .noChallenge)

        let found = try await ResourceDiscovery(transport: transport)
            .metadata(of: url, advertised: challenge?.resourceMetadata)
        if let found {
            let metadata = found.metadata
            steps.append(.resourceMetadata(resource: metadata.resource, servers: metadata.authorizationServers))
            let host = try await host(service, found, scopes: challenge?.scope, pinned: pinned)
            return Finding(host: host, steps: steps)
        }
        steps.append(.noResourceMetadata)
        let issuer = try await ownIssuer(of: service)
        var host = Configuration.Host(service: try ServiceURL(service.origin))
        host.issuer = issuer
        host.reach = .service
        host.scopes = challenge?.scope
        return Finding(host: host, steps: steps + [.ownIssuer(issuer)])
    }

    private func bearer(
        of url: EndpointURL, among given: [String]
    ) async throws -> AuthenticationChallenge? {
        if let challenge = AuthenticationChallenge.bearer(in: given) { return challenge }
        let fields = try await ResourceDiscovery(transport: transport).challengeFields(of: url)
        return AuthenticationChallenge.bearer(in: fields)
    }

    /// Of several servers the pinned one, else the first (RFC 9728 section 7.6).
    ///
    /// The metadata decide for the requested service. For all of the resource that they name they decide only if they were
    /// found at its own location: otherwise the owner of one path would decide for the whole origin.
    private func host(
        _ service: ServiceURL, _ found: ResourceDiscovery.Found, scopes: [String]?, pinned: String?
    ) async throws -> Configuration.Host {
        let metadata = found.metadata
        guard let first = metadata.authorizationServers.first else {
            throw CredentialFailure.noAuthorizationServer(service: service)
        }
        let issuer = pinned.flatMap { metadata.authorizationServers.holdsSame(as: $0) ? $0 : nil } ?? first
        let resource = found.speaksForWhole ? try? ServiceURL(metadata.resource) : nil
        var host = Configuration.Host(service: resource.flatMap { $0.contains(service) ? $0 : nil } ?? service)
        host.issuer = issuer
        guard let address = try? EndpointURL(issuer) else {
            throw OAuthError.invalidEndpoint(member: "authorization_servers")
        }
        let reach = try await reach(address, EndpointURL(service))
        if case .privateNetworks = reach { host.reach = .privateNetworks } else { host.reach = .service }
        host.resource = .uri(metadata.resource)
        // The challenge names the scopes that the service needs now; the metadata name all that exist.
        host.scopes = scopes ?? metadata.scopesSupported
        host.offlineAccess = true
        return host
    }

    /// The service's origin, if it is an issuer. If its metadata name another issuer, that is another authorization server,
    /// and a service may not choose one in this way.
    private func ownIssuer(of service: ServiceURL) async throws -> String {
        do {
            let metadata = try await Discovery(transport: transport).metadata(issuer: service.origin)
            return metadata.issuer ?? service.origin
        } catch {
            switch error {
            case .metadataNotFound, .notJSON, .redirected: throw CredentialFailure.notConfigured(service: service)
            default: throw error
            }
        }
    }
}
