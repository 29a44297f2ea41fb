import FoundationEssentials
package import Secrets

/// Deletes an access token at a server that has no revocation endpoint of RFC 7009, in the way that GitHub's REST API has
/// ("Delete an app token"): `DELETE` with the token in a JSON object, by the client, which must have a secret.
package struct TokenDeletion: Sendable {
    private let url: EndpointURL
    private let client: Client
    private let transport: any HTTPTransport

    /// - Parameter url: the address for this very client.
    package init(url: EndpointURL, client: Client, transport: any HTTPTransport) {
        (self.url, self.client, self.transport) = (url, client, transport)
    }

    /// Asks the server to forget `token`; one that it does not know counts as deleted.
    ///
    /// Throws `refused` with the status, also for a client without a secret, `unavailable`, and what a transport throws.
    package func delete(_ token: Secret) async throws(OAuthError) {
        guard let secret = client.secret, let text = token.exposedText,
            let body = try? JSONEncoder().encode(["access_token": text])
        else { throw refusal(401) }
        var request = HTTPRequest(.delete, json: Secret(body), to: url)
        let credentials = client.basicCredentials(secret)
        request.authorization = Client.basic(credentials)
        request.confided = [token, credentials, secret]
        let response = try await transport.send(request)
        try response.checkAnswered(by: url.host)
        guard (200..<300).contains(response.status) || response.status == 404 else { throw refusal(response.status) }
    }

    private func refusal(_ status: Int) -> OAuthError {
        .refused(host: url.host, status: status, error: "HTTP \(status)", description: nil)
    }
}
