import Secrets

/// Finds the metadata of an issuer (RFC 8414 section 3, OpenID Connect Discovery 1.0 section 4).
package struct Discovery: Sendable {
    private let transport: any HTTPTransport

    package init(transport: some HTTPTransport) {
        self.transport = transport
    }

    /// Fetches and checks the metadata of `issuer`.
    ///
    /// A place that has no document (4xx, a redirect, a page for people) leads to the next. A server that cannot answer
    /// now ends the search, and so does a document that is there and wrong: to look elsewhere would let whoever disturbs
    /// the first place choose the second.
    package func metadata(issuer: String) async throws(OAuthError) -> AuthorizationServerMetadata {
        let expected = try Issuer(issuer)
        var firstObstacle: OAuthError?
        for location in expected.metadataLocations {
            guard let url = try? EndpointURL(location) else { throw .invalidEndpoint(member: "issuer") }
            do {
                let response = try await transport.send(HTTPRequest(get: url))
                try response.checkAnswered(by: url.host)
                guard response.status == 200 else { continue }
                _ = try response.jsonObject(from: url.host)
                return try AuthorizationServerMetadata.decode(response.body.exposedBytes, issuer: issuer)
            } catch .redirected(let host, let status) {
                firstObstacle = firstObstacle ?? .redirected(host: host, status: status)
            } catch .notJSON(let host, let contentType) {
                firstObstacle = firstObstacle ?? .notJSON(host: host, contentType: contentType)
            }
        }
        throw firstObstacle ?? .metadataNotFound(issuer: issuer)
    }
}
