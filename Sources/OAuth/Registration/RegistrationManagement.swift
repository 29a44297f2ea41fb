import Secrets

/// Deletes a registration where the server lets us (RFC 7592).
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
}
