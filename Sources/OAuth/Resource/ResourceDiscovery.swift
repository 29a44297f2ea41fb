package import Addresses
import Secrets

/// Finds the authorization servers of a resource from its challenge and its metadata (RFC 9728).
///
/// The resource's statements are not trusted. This type sends requests only to the resource's own origin.
package struct ResourceDiscovery: Sendable {
    private let transport: any HTTPTransport
    private let note: @Sendable (DiscoveryRemark) -> Void

    /// - Parameter note: receives what is ignored.
    package init(transport: some HTTPTransport, note: @escaping @Sendable (DiscoveryRemark) -> Void = { _ in }) {
        (self.transport, self.note) = (transport, note)
    }

    /// Returns the `WWW-Authenticate` fields of the resource's response to a request without a token; empty if the
    /// status is not 401 or 403.
    ///
    /// - Throws: errors of the transport that concern the whole server, for example `unreachable`, `untrusted` or `cancelled`.
    package func challengeFields(of resource: EndpointURL) async throws(OAuthError) -> [String] {
        let response: HTTPResponse
        do {
            var request = HTTPRequest(get: resource)
            request.repetition = .ifUnprocessed  // failures of a resource are not retried
            response = try await transport.send(request)
        } catch {
            // A large page for people is no challenge, and neither is an answer that does not end, or none.
            if case .tooLarge = error { return [] }
            guard error.isOutage else { throw error }
            note(.skipped(MetadataAnswer(location: resource.string, answer: .failure(error))))
            return []
        }
        guard response.status == 401 || response.status == 403 else { return [] }
        return response.fields.filter { $0.name.lowercased() == "www-authenticate" }.map(\.value)
    }

    /// The metadata of a resource, and the scope of the location where keyfob found them.
    package struct Found: Sendable, Equatable {
        package var metadata: ProtectedResourceMetadata
        /// Whether that location is a well-known location of the resource that the metadata name, not only of a part of
        /// it (RFC 9728 section 3.3). The metadata then apply to all of that resource.
        package var speaksForWhole: Bool
    }

    /// Returns the metadata of `resource`; nil if it publishes none.
    ///
    /// Tries these locations in order: the one from a challenge (`advertised`, its `resource_metadata`), then the two
    /// well-known ones. If a location has no usable document, the next one is tried. All are on the resource's own origin;
    /// an advertised location elsewhere is ignored.
    ///
    /// - Throws: if no location has a usable document:
    ///   - `resourceMismatch` if a document is for another resource; `malformed` if one is broken.
    ///   - `unavailable` or `answerLost` if a location may have one later.
    ///   - the reason why `advertised` has none: `resourceMetadataElsewhere` if it is on another origin than the resource,
    ///     `invalidEndpoint` if it is no valid URL, `redirected`, `notJSON`, `tooLarge` or `missingEndpoint`.
    ///
    ///   At once: `proofOfPossessionRequired` or `bearerHeaderUnsupported` if keyfob can get no token that the resource
    ///   accepts; errors of the transport that concern the whole server.
    package func metadata(
        of resource: EndpointURL, advertised: String?
    ) async throws(OAuthError) -> Found? {
        let timed = ResourceDiscovery(transport: SharedTime(transport), note: note)
        var obstacles: [OAuthError] = []
        var told: EndpointURL?
        do { told = try Self.place(advertised, of: resource) } catch {
            note(.ignored(member: "resource_metadata", at: resource.origin))
            obstacles.append(error)
        }
        let places = (told.map { [$0.string] } ?? []) + ResourceIdentifier(url: resource).metadataLocations
        var asked: Set<String> = []
        for place in places where asked.insert(place).inserted {
            do {
                if let metadata = try await timed.fetch(place, for: resource) {
                    return await timed.found(metadata, at: place, of: resource)
                }
            } catch {
                guard error.isOfOneResourceLocation else { throw error }
                note(.skipped(MetadataAnswer(location: place, answer: .failure(error))))
                // Sites return their front page for unknown paths. Only for the advertised location is this an error to
                // report.
                if !error.isNoDocumentOfResource || place == told?.string { obstacles.append(error) }
            }
        }
        if let error = obstacles.first(where: \.isMismatch) ?? obstacles.first(where: \.isOutage) ?? obstacles.first {
            throw error
        }
        return nil
    }

    private func found(
        _ metadata: ProtectedResourceMetadata, at place: String, of resource: EndpointURL
    ) async -> Found {
        let isItsPlace = Self.isPlace(place, of: metadata.resource)
        if isItsPlace || metadata.resource.isSame(as: resource.string) {
            return Found(metadata: metadata, speaksForWhole: isItsPlace)
        }
        var found = await confirmed(metadata, for: resource)
        // Metadata at any location may describe the requested path. Only metadata at a well-known location, which the
        // origin serves, may name a wider resource. Otherwise one path could get a token for the whole origin. The whole
        // location is compared, because dot segments may lead elsewhere.
        if !found.speaksForWhole, !Self.isPlace(place, of: resource.string) {
            found.metadata.resource = resource.string
        }
        return found
    }

    /// Refuses another origin: the author of a service's header must not make keyfob send requests to services that
    /// only this machine can reach (RFC 9728 section 7.7).
    private static func place(_ advertised: String?, of resource: EndpointURL) throws(OAuthError) -> EndpointURL? {
        guard let advertised else { return nil }
        guard let url = try? EndpointURL(advertised) else { throw .invalidEndpoint(member: "resource_metadata") }
        guard url.origin == resource.origin
        else { throw .resourceMetadataElsewhere(resource: resource.origin, found: url.origin) }
        return url
    }

    /// If `metadata` name a wider resource than their location, asks the well-known location of that resource. If the
    /// document there names the same resource and the same servers, it counts for the whole resource.
    private func confirmed(_ metadata: ProtectedResourceMetadata, for resource: EndpointURL) async -> Found {
        let narrow = Found(metadata: metadata, speaksForWhole: false)
        guard let url = try? EndpointURL(metadata.resource),
            let place = ResourceIdentifier(url: url).metadataLocations.first,
            let whole = try? await fetch(place, for: resource), whole.resource.isSame(as: metadata.resource),
            whole.authorizationServers.count == metadata.authorizationServers.count,
            zip(whole.authorizationServers, metadata.authorizationServers).allSatisfy({ $0.isSame(as: $1) })
        else { return narrow }
        return Found(metadata: whole, speaksForWhole: true)
    }

    private static func isPlace(_ place: String, of resource: String) -> Bool {
        guard let url = try? EndpointURL(resource) else { return false }
        return ResourceIdentifier(url: url).metadataLocations.contains { $0.utf8.elementsEqual(place.utf8) }
    }

    private func fetch(
        _ place: String, for resource: EndpointURL
    ) async throws(OAuthError) -> ProtectedResourceMetadata? {
        guard let url = try? EndpointURL(place) else { throw .invalidEndpoint(member: "resource") }
        let response = try await transport.send(HTTPRequest(get: url))
        try response.checkAnswered(by: url.host)
        guard (200..<300).contains(response.status) else {
            note(.skipped(MetadataAnswer(location: place, answer: .status(response.status))))
            return nil
        }
        let metadata = try ProtectedResourceMetadata(try response.jsonObject(from: url.host), of: resource)
        try metadata.checkUsable()
        // Such a document says nothing about a sign-in (RFC 9728 section 2: the member is optional).
        guard !metadata.authorizationServers.isEmpty else { throw .missingEndpoint(member: "authorization_servers") }
        return metadata
    }
}

extension OAuthError {
    /// Whether another location of the same resource may still have a document.
    fileprivate var isOfOneResourceLocation: Bool { isOutage || isMismatch || isNoDocument || isNoDocumentOfResource }

    /// Whether the location has no document of a resource, for instance a page for people.
    fileprivate var isNoDocumentOfResource: Bool {
        switch self {
        case .redirected, .notJSON, .tooLarge, .missingEndpoint: true
        default: false
        }
    }
}
