import Addresses
import Secrets

/// Finds the metadata of an issuer (RFC 8414 section 3, OpenID Connect Discovery 1.0 section 4).
package struct Discovery: Sendable {
    private let transport: any HTTPTransport

    package init(transport: some HTTPTransport) {
        self.transport = transport
    }

    /// Fetches and checks the metadata of `issuer`.
    ///
    /// If a location has no document (4xx, a redirect, a page for people), the next one is tried. An invalid document
    /// or a server that cannot answer now ends the search: otherwise an attacker who disturbs the first location could
    /// choose the second.
    ///
    /// - Throws: `metadataNotFound`, or `redirected` or `notJSON` of the first such location, if there is no document;
    ///   `unavailable`; errors of the transport and of ``AuthorizationServerMetadata/decode(_:issuer:)``.
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
