package import Addresses
import CredentialProtocol
package import OAuth
import Secrets
import Synchronization

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
    let note: @Sendable (DiscoveryRemark) -> Void

    /// - Parameters:
    ///   - reach: how near a server must be allowed to be for a request to it; throws if no request is allowed.
    ///   - note: receives what is ignored.
    package init(
        transport: any HTTPTransport,
        reach: @escaping @Sendable (EndpointURL, _ resource: EndpointURL) async throws -> Reach = { .asPublicAs($1) },
        note: @escaping @Sendable (DiscoveryRemark) -> Void = { _ in }
    ) {
        self.transport = transport
        self.reach = reach
        self.note = note
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
    /// - Throws: ``CredentialFailure`` if there is no server; `OAuthError` if a request failed, with the answers of all
    ///   locations if none has metadata now.
    package func find(
        _ service: ServiceURL, challenges fields: [String] = [], pinned: String? = nil
    ) async throws -> Finding {
        let answers = Mutex<[MetadataAnswer]>([])
        let timed = ServerFinder(transport: SharedTime(transport), reach: reach) { [note] remark in
            if case .skipped(let answer) = remark { answers.withLock { $0.append(answer) } }
            note(remark)
        }
        do {
            return try await timed.search(service, challenges: fields, pinned: pinned)
        } catch OAuthError.metadataNotFound(let issuer, _) {
            let error = OAuthError.metadataNotFound(issuer: issuer, answers: answers.withLock { $0 })
            if error.isNothingThere { throw CredentialFailure.notConfigured(service: service) }
            throw error.mayStayForEver ? CredentialFailure.serverNotFound(service: service, by: error) : error
        } catch let error as OAuthError where error.mayStayForEver {
            throw CredentialFailure.serverNotFound(service: service, by: error)
        }
    }

    private func search(
        _ service: ServiceURL, challenges fields: [String], pinned: String?
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

        let (found, badChallenge) = try await resourceMetadata(of: url, advertised: challenge?.resourceMetadata)
        if let found {
            let metadata = found.metadata
            steps.append(.resourceMetadata(resource: metadata.resource, servers: metadata.authorizationServers))
            let host = try await host(service, found, scopes: challenge?.scope, pinned: pinned)
            return Finding(host: host, steps: steps)
        }
        steps.append(.noResourceMetadata)
        let metadata = try await ownMetadata(
            of: service, scope: challenge?.scope == nil ? Self.openID : nil, orReport: badChallenge)
        let issuer = metadata.issuer ?? service.origin
        var host = Configuration.Host(service: try ServiceURL(service.origin))
        host.issuer = issuer
        host.reach = .service
        host.scopes = challenge?.scope
        // Servers of OpenID Connect refuse a request without it (OpenID Connect Core section 3.1.2.1).
        if host.scopes == nil, metadata.scopesSupported?.contains(Self.openID) == true {
            (host.scopes, host.offlineAccess) = ([Self.openID], true)
        }
        return Finding(host: host, steps: steps + [.ownIssuer(issuer)])
    }

    /// The metadata of the service; nil if there are none, or none can be had now although no challenge names them; with
    /// the error if the reason is a bad challenge.
    private func resourceMetadata(
        of url: EndpointURL, advertised: String?
    ) async throws(OAuthError) -> (ResourceDiscovery.Found?, OAuthError?) {
        let discovery = ResourceDiscovery(transport: transport, note: note)
        do {
            return (try await discovery.metadata(of: url, advertised: advertised), nil)
        } catch {
            // A service that names its metadata has some: without them, any other server would be a guess.
            guard error.concernsChallenge || error.isOutage && advertised == nil else { throw error }
            return (nil, error.isOutage ? nil : error)
        }
    }

    private func bearer(
        of url: EndpointURL, among given: [String]
    ) async throws -> AuthenticationChallenge? {
        if let challenge = AuthenticationChallenge.bearer(in: given) { return challenge }
        let fields = try await ResourceDiscovery(transport: transport, note: note).challengeFields(of: url)
        return AuthenticationChallenge.bearer(in: fields)
    }

    /// The metadata decide for the requested service. For all of the resource that they name they decide only if they were
    /// found at its own location: otherwise the owner of one path would decide for the whole origin.
    private func host(
        _ service: ServiceURL, _ found: ResourceDiscovery.Found, scopes: [String]?, pinned: String?
    ) async throws -> Configuration.Host {
        let metadata = found.metadata
        let (issuer, reach) = try await server(metadata.authorizationServers, pinned: pinned, service)
        let resource = found.speaksForWhole ? try? ServiceURL(metadata.resource) : nil
        var host = Configuration.Host(service: resource.flatMap { $0.contains(service) ? $0 : nil } ?? service)
        host.issuer = issuer
        if case .privateNetworks = reach { host.reach = .privateNetworks } else { host.reach = .service }
        host.resource = .uri(metadata.resource)
        // The challenge names the scopes that the service needs now; the metadata name all that exist.
        host.scopes = scopes ?? metadata.scopesSupported
        host.offlineAccess = true
        return host
    }

    /// Of several servers the pinned one, else the first that has metadata now (RFC 9728 section 7.6); else the first that
    /// keyfob may ask.
    ///
    /// - Throws: `invalidEndpoint`, `addressTooNear` or `settingsUnknown` if keyfob may ask none.
    private func server(
        _ listed: [String], pinned: String?, _ service: ServiceURL
    ) async throws -> (issuer: String, reach: Reach) {
        let wanted = pinned.flatMap { listed.holdsSame(as: $0) ? [$0] : nil } ?? Array(listed.prefix(Self.mostServers))
        var candidates: [(issuer: String, reach: Reach)] = []
        var problem: any Error = OAuthError.invalidEndpoint(member: "authorization_servers")
        for issuer in wanted {
            guard let address = try? EndpointURL(issuer),
                !PathGrammar.isAmbiguous(encoded: Array(address.path.utf8)[...])
            else { continue }
            do { candidates.append((issuer, try await reach(address, EndpointURL(service)))) } catch { problem = error }
        }
        guard let first = candidates.first else { throw problem }
        guard candidates.count > 1 else { return first }
        var areAllDown = true
        for candidate in candidates {
            // The user has not agreed to requests into a private network.
            if case .privateNetworks = candidate.reach {
                areAllDown = false
                continue
            }
            do {
                _ = try await Discovery(transport: transport, note: note).metadata(issuer: candidate.issuer)
                return candidate
            } catch {
                areAllDown = areAllDown && error.isTransient
                note(.skipped(MetadataAnswer(location: candidate.issuer, answer: .failure(error))))
            }
        }
        // `find` adds what each of them answered.
        if areAllDown { throw OAuthError.metadataNotFound(issuer: first.issuer, answers: []) }
        return first
    }

    /// More servers would only be more requests that the service causes.
    private static let mostServers = 4

    /// The scope with which a request is one of OpenID Connect.
    private static let openID = "openid"

    /// The metadata of the service's origin, if it is an issuer. If they name another issuer, that is another authorization
    /// server, and a service may not choose one in this way.
    ///
    /// - Parameters:
    ///   - scope: a scope for which to look in each document.
    ///   - problem: what is wrong with the service's challenge; thrown if there is no issuer.
    private func ownMetadata(
        of service: ServiceURL, scope: String?, orReport problem: OAuthError?
    ) async throws -> AuthorizationServerMetadata {
        do {
            return try await Discovery(transport: transport, note: note)
                .metadata(issuer: service.origin, wanting: scope)
        } catch {
            guard let problem, error.isNothingThere else { throw error }
            throw problem
        }
    }
}

extension OAuthError {
    /// Whether only the location that a challenge names has no metadata.
    fileprivate var concernsChallenge: Bool {
        switch self {
        case .resourceMetadataElsewhere, .invalidEndpoint, .redirected, .notJSON, .tooLarge, .missingEndpoint: true
        default: false
        }
    }

    /// Whether no location has a document of an issuer, and none may have one later.
    fileprivate var isNothingThere: Bool {
        guard case .metadataNotFound = self else { return false }
        return switch explanation {
        case nil, .redirected, .notJSON: true
        default: false
        }
    }
}
