import Secrets

/// Changes and deletes a registration where the server lets us (RFC 7592).
package struct RegistrationManagement: Sendable {
    private let transport: any HTTPTransport

    package init(transport: some HTTPTransport) {
        self.transport = transport
    }

    /// Deletes the client at the server (RFC 7592 section 2.3); false, and nothing sent, where the server gave no means.
    ///
    /// Throws `registrationKept` with the status where the server does not: 401 also where it knows the client no more.
    /// An error need not keep anyone from forgetting the registration.
    @discardableResult
    package func delete(_ registration: ClientRegistration) async throws(OAuthError) -> Bool {
        guard let url = registration.registrationClientURI, let token = registration.registrationAccessToken
        else { return false }
        let response = try await transport.send(HTTPRequest(delete: url, bearer: token))
        try response.checkAnswered(by: url.host)
        guard (200..<300).contains(response.status)
        else { throw .registrationKept(host: url.host, status: response.status) }
        return true
    }

    /// Replaces what the server has of us by `metadata` (RFC 7592 section 2.2); nil, and nothing sent, where the server
    /// gave no means. The result takes the place of `registration`: its token may be a new one, and the old one dead.
    ///
    /// Throws `registrationKept`, `refused` for an error by name, `malformed` where the answer is about another client.
    package func update(
        _ registration: ClientRegistration, to metadata: ClientMetadata
    ) async throws(OAuthError) -> ClientRegistration? {
        guard let url = registration.registrationClientURI, let token = registration.registrationAccessToken
        else { return nil }
        let client = registration.client
        let body = try metadata.encoded(clientID: client.id, clientSecret: client.secret)
        var request = HTTPRequest(.put, json: body, to: url, bearer: token)
        request.confided = [token, client.secret].compactMap { $0 }
        let response = try await transport.confide(request)
        return try updated(registration, by: response, metadata, url)
    }

    private func updated(
        _ registration: ClientRegistration, by response: HTTPResponse, _ metadata: ClientMetadata, _ url: EndpointURL
    ) throws(OAuthError) -> ClientRegistration {
        var updated: ClientRegistration
        do {
            updated = try RegistrationAnswer(metadata: metadata, issuer: registration.issuer, url: url)
                .registration(response)
        } catch .registrationClosed(let host, let status) {
            throw .registrationKept(host: host, status: status)
        }
        guard updated.client.id == registration.client.id else { throw .malformed(host: url.host, member: "client_id") }
        if updated.registrationAccessToken == nil {
            updated.registrationAccessToken = registration.registrationAccessToken
            updated.registrationClientURI = registration.registrationClientURI
        }
        return updated
    }
}
