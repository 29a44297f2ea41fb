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
    ) async throws(OAuthError) -> ProtectedResourceMetadata? {
        let told = try Self.place(advertised, of: resource)
        let places = (told.map { [$0.string] } ?? []) + ResourceIdentifier(url: resource).metadataLocations
        var asked: Set<String> = []
        var obstacle: OAuthError?
        for place in places where asked.insert(place).inserted {
            do {
                if let metadata = try await fetch(place, for: resource) { return metadata }
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
