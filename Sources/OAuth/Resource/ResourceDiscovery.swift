package import Addresses
import Secrets

/// Finds the authorization servers of a resource from its challenge and its metadata (RFC 9728).
///
/// The resource's statements are not trusted. This type sends requests only to the resource's own origin.
package struct ResourceDiscovery: Sendable {
    private let transport: any HTTPTransport

    package init(transport: some HTTPTransport) {
        self.transport = transport
    }

    /// Returns the `WWW-Authenticate` fields of the resource's response to a request without a token; empty if the
    /// status is not 401 or 403.
    ///
    /// - Throws: errors of the transport except `tooLarge`, for example `unreachable`, `answerLost`, `timedOut`,
    ///   `untrusted` or `cancelled`: the resource cannot be asked now.
    package func challengeFields(of resource: EndpointURL) async throws(OAuthError) -> [String] {
        let response: HTTPResponse
        do {
            var request = HTTPRequest(get: resource)
            request.repetition = .ifUnprocessed  // failures of a resource are not retried
            response = try await transport.send(request)
        } catch .tooLarge {
            // A large page for people is no challenge.
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
    /// well-known ones. If a location has no document (4xx, a redirect, a page for people), the next one is tried. An
    /// invalid document or a server that cannot answer now ends the search.
    ///
    /// - Throws:
    ///   - `resourceMetadataElsewhere` if `advertised` is on another origin than the resource.
    ///   - `invalidEndpoint` if `advertised` is no valid URL.
    ///   - `redirected` or `notJSON` if `advertised` has no document, and neither has any other location.
    ///   - `resourceMismatch` if the document is for another resource; `missingEndpoint` or `malformed` if it is
    ///     invalid.
    ///   - `proofOfPossessionRequired` or `bearerHeaderUnsupported` if keyfob can get no token that the resource
    ///     accepts.
    ///   - `unavailable`, and errors of the transport.
    package func metadata(
        of resource: EndpointURL, advertised: String?
    ) async throws(OAuthError) -> Found? {
        let told = try Self.place(advertised, of: resource)
        let places = (told.map { [$0.string] } ?? []) + ResourceIdentifier(url: resource).metadataLocations
        var asked: Set<String> = []
        var obstacle: OAuthError?
        for place in places where asked.insert(place).inserted {
            do {
                if let metadata = try await fetch(place, for: resource) {
                    let isItsPlace = Self.isPlace(place, of: metadata.resource)
                    if isItsPlace || metadata.resource.isSame(as: resource.string) {
                        return Found(metadata: metadata, speaksForWhole: isItsPlace)
                    }
                    var found = await confirmed(metadata, for: resource)
                    // Metadata at any location may describe the requested path. Only metadata at a well-known location,
                    // which the origin serves, may name a wider resource. Otherwise one path could get a token for the
                    // whole origin. The whole location is compared, because dot segments may lead elsewhere.
                    if !found.speaksForWhole, !Self.isPlace(place, of: resource.string) {
                        found.metadata.resource = resource.string
                    }
                    return found
                }
            } catch {
                switch error {
                // Sites return their front page for unknown paths. Only for the advertised location is this an error to
                // report.
                case .redirected, .notJSON: if place == told?.string { obstacle = error }
                default: throw error
                }
            }
        }
        if let obstacle { throw obstacle }
        return nil
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
        guard response.status == 200 else { return nil }
        let metadata = try ProtectedResourceMetadata(try response.jsonObject(from: url.host), of: resource)
        try metadata.checkUsable()
        return metadata
    }
}
