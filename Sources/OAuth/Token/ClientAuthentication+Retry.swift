import Addresses
import Secrets

extension HTTPTransport {
    /// Sends `form` as `client`. If the server refuses the client, this sends it again with the secret in each of the other
    /// forms: servers read RFC 6749 section 2.3.1 in different ways, and refuse the client before they use up a code or a
    /// token. If the refusal has no name, it may be about something else, and one other form is tried.
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
        let verdict = first.verdict(by: url.host, on: client.authentication)
        guard client.secret != nil, !client.isFormChosen, verdict == .refused || verdict == .unclear
        else { return (first, client.authentication) }
        let others = client.authentication.others(among: supported)
        for authentication in others.prefix(verdict == .refused ? others.count : 1) {
            var other = client
            other.authentication = authentication
            let next = try await answer(other)
            switch next.verdict(by: url.host, on: authentication) {
            case .granted: return (next, authentication)
            case .accepted where verdict == .refused: return (next, authentication)
            case .refused: continue
            case .accepted, .unclear: return (first, client.authentication)
            }
        }
        return (first, client.authentication)
    }
}

extension HTTPResponse {
    /// The result of a request for the client, and for the form in which the client proves itself.
    fileprivate enum Verdict { case granted, accepted, refused, unclear }

    fileprivate func verdict(by host: String, on authentication: ClientAuthentication) -> Verdict {
        do {
            _ = try TokenAnswer(granted: self, by: host)
            return .granted
        } catch {
            guard case .refused(_, let status, let name, _) = error, !error.endsRefreshToken else { return .accepted }
            // RFC 6749 section 5.2: `invalid_request` if there is more than one mechanism.
            if error.refusesClient || status == 401 || (authentication != .none && name == "invalid_request") {
                return .refused
            }
            let isNamed = name != "HTTP \(status)" && TokenAnswer.folded(name) != "forbidden"
            return !isNamed && [400, 403].contains(status) ? .unclear : .accepted
        }
    }
}

extension ClientAuthentication {
    /// The forms to try if the server refuses this one, those first that the server announces.
    ///
    /// - Parameter supported: `token_endpoint_auth_methods_supported` of the metadata; nil if it is unknown.
    package func others(among supported: [String]?) -> [ClientAuthentication] {
        let order: [ClientAuthentication] =
            switch self {
            case .none:
                supported?.contains(Self.basic.rawValue) == false
                    ? [.post, .basic, .plainBasic] : [.basic, .post, .plainBasic]
            // The body has no form that could be misread.
            case .basic: [.post, .plainBasic]
            case .post: [.basic, .plainBasic]
            case .plainBasic: [.post, .basic]
            }
        func isAnnounced(_ form: ClientAuthentication) -> Bool {
            supported?.contains((form == .post ? form : .basic).rawValue) ?? false
        }
        return order.filter(isAnnounced) + order.filter { !isAnnounced($0) }
    }
}

extension OAuthError {
    /// Whether the server refuses the client, not the request (RFC 6749 section 5.2), also under names like
    /// `bad_client_secret` and "Client authentication failed".
    package var refusesClient: Bool {
        if case .refused(_, _, let error, let words) = self { Self.refusesClient(error, words) } else { false }
    }

    /// The same for an error and its description: some servers say only there that they want the secret of the client.
    package static func refusesClient(_ error: String, _ description: String?) -> Bool {
        let name = TokenAnswer.folded(error)
        if name.isSame(as: "invalidrequest"), TokenAnswer.folded(description ?? "").holds(text: "clientsecret") {
            return true
        }
        guard name.firstRange(of: "client") != nil, name.firstRange(of: "metadata") == nil else { return false }
        let verdicts = [
            "invalid", "bad", "incorrect", "wrong", "unknown", "unauthorized", "notfound", "failed", "mismatch",
        ]
        return verdicts.contains { name.begins(with: $0 + "client") }
            || name.begins(with: "client") && verdicts.contains { name.firstRange(of: $0) != nil }
    }
}
