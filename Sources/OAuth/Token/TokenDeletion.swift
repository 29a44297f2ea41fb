package import Addresses
import JSON
package import Secrets

/// Deletes an access token at a server without an RFC 7009 endpoint, as in GitHub's REST API ("Delete an app token"):
/// `DELETE` with the token in a JSON object, authenticated by the client's secret.
package struct TokenDeletion: Sendable {
    private let url: EndpointURL
    private let client: Client
    private let transport: any HTTPTransport

    /// - Parameter url: the URL for this client.
    package init(url: EndpointURL, client: Client, transport: any HTTPTransport) {
        (self.url, self.client, self.transport) = (url, client, transport)
    }

    /// Asks the server to delete `token`. Succeeds also for a token that the server does not know.
    ///
    /// - Throws: `refused` with the status, also for a client without a secret; `unavailable`; errors of the transport.
    package func delete(_ token: Secret) async throws(OAuthError) {
        guard let secret = client.secret, let text = token.exposedText else { throw refusal(401) }
        let body = JSON.object(["access_token": .string(text)])
        var request = HTTPRequest(.delete, json: Secret(body.compact), to: url)
        let credentials = client.basicCredentials(secret)
        request.authorization = Client.basic(credentials)
        request.sentSecrets = [token, credentials, secret]
        let response = try await transport.send(request)
        try response.checkAnswered(by: url.host)
        guard (200..<300).contains(response.status) || response.status == 404 else { throw refusal(response.status) }
        if response.status != 404 { try response.checkNoRefusal(by: url.host) }
    }

    private func refusal(_ status: Int) -> OAuthError {
        .refused(host: url.host, status: status, error: "HTTP \(status)", description: nil)
    }
}
