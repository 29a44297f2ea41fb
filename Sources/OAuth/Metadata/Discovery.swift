import Addresses
import Secrets

/// Finds the metadata of an issuer (RFC 8414 section 3, OpenID Connect Discovery 1.0 section 4).
package struct Discovery: Sendable {
    private let transport: any HTTPTransport
    private let note: @Sendable (DiscoveryRemark) -> Void

    /// - Parameter note: receives what is ignored.
    package init(transport: some HTTPTransport, note: @escaping @Sendable (DiscoveryRemark) -> Void = { _ in }) {
        (self.transport, self.note) = (transport, note)
    }

    /// Fetches and checks the metadata of `issuer`.
    ///
    /// If a location has no usable document (4xx, 5xx, a redirect, a page for people) or does not answer, the next one is
    /// tried, within the time of ``SharedTime``. All locations are on the issuer's own origin, and a document counts only
    /// if it names the issuer. So a later document may complete an earlier one of the same issuer.
    ///
    /// - Parameters:
    ///   - pkce: if S256 must be announced, the search goes on until a document announces it.
    ///   - scope: if given, the search goes on until a document lists this scope.
    /// - Throws: `metadataNotFound` if no location has a usable document; errors of the transport that concern the whole
    ///   server, such as `unreachable`.
    package func metadata(
        issuer: String, pkce: PKCEPolicy = .required, wanting scope: String? = nil
    ) async throws(OAuthError) -> AuthorizationServerMetadata {
        let expected = try Issuer(issuer)
        let transport = SharedTime(transport)
        var (documents, answers): ([MetadataDocument], [MetadataAnswer]) = ([], [])
        for location in expected.metadataLocations {
            guard let url = try? EndpointURL(location) else { throw .invalidEndpoint(member: "issuer") }
            let answer: MetadataAnswer.Answer
            do throws(OAuthError) {
                let response = try await transport.send(HTTPRequest(get: url))
                if let document = try document(in: response, from: url, of: expected) {
                    let completed = Self.add(document, to: &documents)
                    let metadata = try completed.metadata()
                    let showsPKCE = completed.announcesS256 || pkce == .assumed
                    if showsPKCE, scope.map({ completed.scopes?.contains($0) == true }) ?? true { return metadata }
                    continue
                }
                answer = .status(response.status)
            } catch {
                if !error.isOfOneLocation { return try Self.usable(documents, otherwise: error) }
                answer = .failure(error)
            }
            answers.append(MetadataAnswer(location: location, answer: answer))
            note(.skipped(MetadataAnswer(location: location, answer: answer)))
        }
        return try Self.usable(documents, otherwise: .metadataNotFound(issuer: issuer, answers: answers))
    }

    /// The document in an answer; nil if the status says that there is none.
    private func document(
        in response: HTTPResponse, from url: EndpointURL, of issuer: Issuer
    ) throws(OAuthError) -> MetadataDocument? {
        try response.checkAnswered(by: url.host)
        guard (200..<300).contains(response.status) else { return nil }
        let document = try MetadataDocument(try response.jsonObject(from: url.host), expected: issuer)
        for member in document.unusable { note(.ignored(member: member, at: url.string)) }
        for member in document.fragments { note(.withoutFragment(member: member, at: url.string)) }
        return document
    }

    /// Adds `document`: to the earlier one that names the same issuer byte for byte, or as a new one. Returns the result.
    private static func add(_ document: MetadataDocument, to documents: inout [MetadataDocument]) -> MetadataDocument {
        guard let index = documents.firstIndex(where: { $0.issuer.isSame(as: document.issuer) }) else {
            documents.append(document)
            return document
        }
        documents[index].complete(by: document)
        return documents[index]
    }

    /// The first documents that suffice for a sign-in.
    private static func usable(
        _ documents: [MetadataDocument], otherwise error: OAuthError
    ) throws(OAuthError) -> AuthorizationServerMetadata {
        guard let metadata = documents.lazy.compactMap({ try? $0.metadata() }).first else { throw error }
        return metadata
    }
}
