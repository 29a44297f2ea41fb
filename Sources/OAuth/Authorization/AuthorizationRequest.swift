import Addresses
import Secrets

/// The request for a code (RFC 6749 section 4.1.1, RFC 7636 section 4.3, RFC 8707 section 2.1): as an address, or
/// pushed.
struct AuthorizationRequest {
    var endpoint: EndpointURL
    var clientID: String
    var redirectURI: String
    var scopes: [String]
    var state: String
    var challenge: String
    var resource: String?
    var audience: String?
    var loginHint: String?
    /// OpenID Connect Core section 3.1.2.1.
    var nonce: String?
    var prompt: String?
    var authentication: [(name: String, value: String?)]

    init(
        _ login: AuthorizationParameters, redirectURI: String, state: String, challenge: String, nonce: String? = nil
    ) {
        (endpoint, clientID) = (login.metadata.authorizationEndpoint, login.client.id)
        (scopes, resource, loginHint) = (login.scopes, login.resource, login.loginHint)
        (self.redirectURI, self.state, self.challenge) = (redirectURI, state, challenge)
        (self.nonce, audience, prompt) = (nonce, login.audience, login.prompt)
        authentication = login.authentication
    }

    /// The address with all parameters.
    var address: String {
        var list = parameters
        list.insert((name: "client_id", value: clientID), at: 1)
        return address(list)
    }

    /// The address that only refers to a pushed request (RFC 9126 section 4).
    func address(naming pushed: PushedAuthorizationRequest) -> String {
        address([(name: "client_id", value: clientID), (name: "request_uri", value: pushed.requestURI)])
    }

    /// The body of a pushed request; the caller adds the client.
    var form: FormBody {
        var form = FormBody()
        for (name, value) in parameters {
            if ["state", "nonce"].contains(name) { form.append(name, Secret(value)) } else { form.append(name, value) }
        }
        return form
    }

    /// The endpoint with its own query and our parameters. Each of our names occurs once (RFC 6749 section 3.1).
    private func address(_ ours: [(name: String, value: String)]) -> String {
        let names = Set((ours + parameters).map(\.name))
        let theirs = (endpoint.query ?? "").split(separator: "&").filter { pair in
            // Only the name decides: a parameter with an unreadable value is removed too if it has one of our names.
            FormEncoding.decode(String(pair.prefix { $0 != "=" }))?.first.map { !names.contains($0.name) } ?? true
        }
        let query = theirs.map(String.init) + ours.map { "\($0.name)=\(FormEncoding.encode($0.value))" }
        return endpoint.string.prefix { $0 != "?" } + "?" + query.joined(separator: "&")
    }

    private var parameters: [(name: String, value: String)] {
        var list = [(name: "response_type", value: "code"), (name: "redirect_uri", value: redirectURI)]
        if !scopes.isEmpty { list.append((name: "scope", value: scopes.joined(separator: " "))) }
        list.append((name: "state", value: state))
        list.append((name: "code_challenge", value: challenge))
        list.append((name: "code_challenge_method", value: "S256"))
        let optional =
            [
                ("resource", resource), ("audience", audience), ("login_hint", loginHint), ("nonce", nonce),
                ("prompt", prompt),
            ]
            + authentication
        return list + optional.compactMap { name, value in value.map { (name: name, value: $0) } }
    }
}

extension OAuthError {
    /// Whether an authorization request may have failed because of its `prompt`: some servers answer `prompt=consent` with
    /// an error of their own, or with 500.
    package var mayConcernPrompt: Bool {
        switch self {
        case .unavailable(_, let status, _): status >= 500
        case .endpointFailed(_, _, let error): error.mayConcernPrompt
        case .refused(_, _, let error, _):
            ![
                "access_denied", "invalid_client", "unauthorized_client", "invalid_scope", "invalid_target",
                "invalid_redirect_uri", Self.unverifiedRefusal,
            ].contains(error)
        default: false
        }
    }
}
