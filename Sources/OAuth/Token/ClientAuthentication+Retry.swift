import Addresses
import Secrets

extension HTTPTransport {
    /// Sends `form` as `client`. If the server refuses the client, this sends it once more with the secret in the other
    /// form: servers read RFC 6749 section 2.3.1 in different ways, and refuse the client before they use up a code or a
    /// token.
    ///
    /// - Parameter supported: `token_endpoint_auth_methods_supported` of the metadata; nil if it is unknown.
    /// - Returns: the response, and the authentication of the request that it answers.
    func send(
        _ form: FormBody, as client: Client, to url: EndpointURL, supported: [String]? = nil,
        _ repetition: HTTPRequest.Repetition = .never
    ) async throws(OAuthError) -> (response: HTTPResponse, authentication: ClientAuthentication) {
        func answer(_ client: Client) async throws(OAuthError) -> HTTPResponse {
            var request = client.request(form, to: url)
            request.repetition = repetition
            return try await sendSecrets(request)
        }
        let first = try await answer(client)
        guard client.secret != nil, first.refusesClient(by: url.host, after: client.authentication)
        else { return (first, client.authentication) }
        var other = client
        other.authentication = client.authentication.other(among: supported)
        let second = try await answer(other)
        return second.refusesClient(by: url.host, after: other.authentication)
            ? (first, client.authentication) : (second, other.authentication)
    }
}

extension HTTPResponse {
    /// Whether the server refuses the client, or the form in which it proves itself.
    fileprivate func refusesClient(by host: String, after authentication: ClientAuthentication) -> Bool {
        do {
            _ = try TokenAnswer(granted: self, by: host)
            return false
        } catch {
            guard case .refused(_, let status, let name, _) = error, !error.endsRefreshToken else { return false }
            // RFC 6749 section 5.2: `invalid_request` if there is more than one mechanism.
            return error.refusesClient || status == 401 || (authentication == .basic && name == "invalid_request")
        }
    }
}

extension ClientAuthentication {
    /// The form to try if the server refuses this one.
    fileprivate func other(among supported: [String]?) -> ClientAuthentication {
        switch self {
        case .none: supported?.contains(Self.basic.rawValue) == false ? .post : .basic
        // The body has no form that could be misread, so it comes first if the server may support it.
        case .basic: supported?.contains(Self.post.rawValue) == false ? .plainBasic : .post
        case .post: .basic
        case .plainBasic: .post
        }
    }
}

extension OAuthError {
    /// Whether the server refuses the client, not the request (RFC 6749 section 5.2). The last code is GitHub's.
    package var refusesClient: Bool {
        guard case .refused(_, _, let error, _) = self else { return false }
        return ["invalid_client", "unauthorized_client", "incorrect_client_credentials"].contains(error)
    }
}
