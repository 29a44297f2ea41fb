import Addresses
import Secrets

/// Deletes a registration at a server that supports it (RFC 7592).
package struct RegistrationManagement: Sendable {
    private let transport: any HTTPTransport

    package init(transport: some HTTPTransport) {
        self.transport = transport
    }

    /// Deletes the client at the server (RFC 7592 section 2.3). Returns false, and sends nothing, if the server offers
    /// no management.
    ///
    /// - Throws: `registrationKept` with the status if the server does not delete it; 401 can also mean that the client
    ///   no longer exists. After an error the caller may still forget the registration locally.
    @discardableResult
    package func delete(_ registration: ClientRegistration) async throws(OAuthError) -> Bool {
        guard let url = registration.registrationClientURI, let token = registration.registrationAccessToken
        else { return false }
        let response = try await transport.send(HTTPRequest(delete: url, bearer: token))
        try response.checkAnswered(by: url.host)
        // Some servers answer everything with 200.
        let refusal = (try? TokenAnswer(response, host: url.host))?.refusal(response, by: url.host)
        guard (200..<300).contains(response.status), refusal == nil
        else { throw .registrationKept(host: url.host, status: response.status) }
        return true
    }
}
