package import Addresses
package import Secrets

/// The kind of a token that is to be revoked (RFC 7009 section 2.1).
package enum TokenTypeHint: String, Sendable {
    case refreshToken = "refresh_token"
    case accessToken = "access_token"
}

/// Revokes tokens (RFC 7009). Succeeds also for tokens that the server does not know.
package struct RevocationEndpoint: Sendable {
    private let url: EndpointURL
    private let client: Client
    private let transport: any HTTPTransport
    private let secrets: [Secret]

    /// - Parameter secrets: the other tokens of the grant, which an error of the server must not show either.
    package init(url: EndpointURL, client: Client, transport: any HTTPTransport, besides secrets: [Secret] = []) {
        (self.url, self.client, self.transport, self.secrets) = (url, client, transport, secrets)
    }

    /// Asks the server to revoke `token`. After an error the caller may still forget the token locally.
    ///
    /// - Throws: `refused` for any 4xx, and for a success with an error in it; `unavailable` for 5xx.
    package func revoke(_ token: Secret, hint: TokenTypeHint) async throws(OAuthError) {
        var form = FormBody()
        form.append("token", token)
        form.append("token_type_hint", hint.rawValue)
        var (response, _) = try await transport.send(form, as: client, to: url)
        response.sentSecrets += secrets
        if (200..<300).contains(response.status) {
            // A page for people comes from something else than this endpoint. Some endpoints give an empty one.
            if response.mediaType?.isSame(as: "text/html") == true,
                response.body.exposedBytes.first(where: { !" \t\r\n".utf8.contains($0) }) == UInt8(ascii: "<")
            {
                throw .notJSON(host: url.host, contentType: response.mediaType)
            }
            return try response.checkNoRefusal(by: url.host)
        }
        _ = try TokenAnswer(granted: response, by: url.host)
    }
}

extension HTTPResponse {
    /// Throws `refused` if a success has an error in its body. The body has no other meaning (RFC 7009 section 2.2), but some
    /// servers answer everything with 200. An error that says that the token is dead is no failure of a revocation.
    func checkNoRefusal(by host: String) throws(OAuthError) {
        guard let error = (try? TokenAnswer(self, host: host))?.refusal(self, by: host),
            case .refused(_, _, let name, _) = error, !name.isEmpty, !error.endsRefreshToken
        else { return }
        throw error
    }
}
