package import CredentialProtocol
package import OAuth
import Secrets

/// Finds out who may sign people in to a service, from its URL alone.
///
/// In this order: the table of known hosts; the service's own word (RFC 9728: the `resource_metadata` of its challenge,
/// or the well-known places); an authorization server that calls the service's very origin its issuer. Nothing here is
/// asked for a service that nobody approved: who calls has a person's yes.
package struct ServerFinder: Sendable {
    let transport: any HTTPTransport

    let reach: @Sendable (EndpointURL, _ resource: EndpointURL) async throws -> Reach

    /// - Parameter reach: how near a server has to be allowed for it to be asked; throws where it may not be asked at all.
    package init(
        transport: any HTTPTransport,
        reach: @escaping @Sendable (EndpointURL, _ resource: EndpointURL) async throws -> Reach = { .asPublicAs($1) }
    ) {
        self.transport = transport
        self.reach = reach
    }

    /// What was found, and on which way.
    package struct Finding: Sendable, Equatable {
        /// The service, with its authorization server and what else is to be remembered.
        package var host: Configuration.Host
        package var steps: [Step]

        package init(host: Configuration.Host, steps: [Step]) {
            self.host = host
            self.steps = steps
        }

        /// The service that the metadata name, if the service that was asked about is a part of it. They may have decided for
        /// less.
        package var claimedService: ServiceURL? {
            for case .resourceMetadata(let resource, _) in steps {
                guard let whole = try? ServiceURL(resource), whole.contains(host.service) else { return nil }
                return whole
            }
            return nil
        }
    }

    /// A step on the way, for whoever asks why.
    package enum Step: Sendable, Equatable {
        /// The host stands in the table of known hosts.
        case knownHost(String)
        /// The service's challenge was looked at (RFC 6750 section 3, RFC 9728 section 5.1).
        case challenge(resourceMetadata: String?, scope: [String]?)
        /// The service has no challenge of the scheme Bearer.
        case noChallenge
        /// The service's metadata name these authorization servers (RFC 9728).
        case resourceMetadata(resource: String, servers: [String])
        /// The service has no metadata.
        case noResourceMetadata
        /// The service's origin is itself an issuer.
        case ownIssuer(String)
    }

    /// Looks for the authorization server of `service`; nil in ``Finding/host`` only where the table of known hosts has
    /// the rest.
    ///
    /// - Parameters:
    ///   - fields: the `WWW-Authenticate` fields that the service has given the caller; none: it is asked.
    ///   - pinned: the issuer of an earlier sign-in, taken where the service still names it.
    /// - Throws: ``CredentialFailure`` where nobody can be found, `OAuthError` where somebody could not be asked.
    package func find(
        _ service: ServiceURL, challenges fields: [String] = [], pinned: String? = nil
    ) async throws -> Finding {
        if let known = KnownHost.match(service, provider: nil) {
            return Finding(
                host: Configuration.Host(service: try ServiceURL(service.origin)), steps: [.knownHost(known.name)])
        }
        let url = try EndpointURL(service.description)
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
        host.server = .issuer(issuer)
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

    /// RFC 9728 section 7.6: of several servers the one that is known already, else the first.
    ///
    /// A document decides for the service that it was asked about, and for all of the resource that it names only if it
    /// speaks for all of that: else whoever serves one path would decide for its whole origin.
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
        host.server = .issuer(issuer)
        guard let address = try? EndpointURL(issuer) else {
            throw OAuthError.invalidEndpoint(member: "authorization_servers")
        }
        let reach = try await reach(address, EndpointURL(service.description))
        if case .privateNetworks = reach { host.reach = .privateNetworks } else { host.reach = .service }
        host.resource = .uri(metadata.resource)
        // The scopes of the challenge are what this service needs now; those of the metadata are all it knows.
        host.scopes = scopes ?? metadata.scopesSupported
        host.offlineAccess = true
        return host
    }

    /// The issuer that the service's own origin is. Only that very issuer counts: a document that names another one is
    /// somebody else's authorization server, and the service is not to choose it in this way.
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
