import Secrets

/// Finds out who may give tokens for a resource: from its challenge and its metadata (RFC 9728).
///
/// What a resource says is a proposal: nothing here talks to another origin than the resource's own.
package struct ResourceDiscovery: Sendable {
    private let transport: any HTTPTransport

    package init(transport: some HTTPTransport) {
        self.transport = transport
    }

    /// The `WWW-Authenticate` fields with which the resource answers a request without a token; empty where it does not
    /// answer 401 or 403.
    ///
    /// Throws `unreachable`, `answerLost`, `timedOut`, `untrusted` and `cancelled`: a resource that cannot be asked now.
    package func challengeFields(of resource: EndpointURL) async throws(OAuthError) -> [String] {
        let response: HTTPResponse
        do {
            var request = HTTPRequest(get: resource)
            request.repetition = .ifUnprocessed  // what a resource fails with is no matter of ours
            response = try await transport.send(request)
        } catch .tooLarge {
            // A page for people, as long as it likes, is no challenge.
            return []
        }
        guard response.status == 401 || response.status == 403 else { return [] }
        return response.fields.filter { $0.name.lowercased() == "www-authenticate" }.map(\.value)
    }

    /// Metadata of a resource, and what the place says where keyfob read them.
    package struct Found: Sendable, Equatable {
        package var metadata: ProtectedResourceMetadata
        /// Whether that is a well-known place of the resource that the metadata name, and not only of a part of it
        /// (RFC 9728 section 3.3): then they speak for all of that resource.
        package var speaksForWhole: Bool
    }

    /// The metadata of `resource`; nil where none are published.
    ///
    /// Asked are, in this order, the place that a challenge has told (`advertised`, its `resource_metadata`), and the two
    /// well-known ones. A place without a document (4xx, a redirect, a page for people) leads to the next; a document that
    /// is there and wrong ends the search, and so does a server that cannot answer now.
    ///
    /// Throws `resourceMetadataElsewhere` where `advertised` is on another origin than the resource, `invalidEndpoint`
    /// where it is no URL to go to, `resourceMismatch` where a document is another resource's, `proofOfPossessionRequired`
    /// and `bearerHeaderUnsupported` where the resource takes no token that we can get, and what a transport throws.
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
                    return Found(metadata: metadata, speaksForWhole: Self.isPlace(place, of: metadata.resource))
                }
            } catch {
                switch error {
                // Sites answer with their front page where they have nothing; only who pointed there has to explain it.
                case .redirected, .notJSON: if place == told?.string { obstacle = error }
                default: throw error
                }
            }
        }
        if let obstacle { throw obstacle }
        return nil
    }

    /// Another origin is refused: whoever writes a header of one service must not make us ask services that only we can
    /// reach (RFC 9728 section 7.7).
    private static func place(_ advertised: String?, of resource: EndpointURL) throws(OAuthError) -> EndpointURL? {
        guard let advertised else { return nil }
        guard let url = try? EndpointURL(advertised) else { throw .invalidEndpoint(member: "resource_metadata") }
        guard url.origin == resource.origin
        else { throw .resourceMetadataElsewhere(resource: resource.origin, found: url.origin) }
        return url
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
