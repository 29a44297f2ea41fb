/// The address that asks for a code (RFC 6749 section 4.1.1, RFC 7636 section 4.3, RFC 8707 section 2.1).
struct AuthorizationRequest {
    var endpoint: EndpointURL
    var clientID: String
    var redirectURI: String
    var scopes: [String]
    var state: String
    var challenge: String
    var resource: String?
    var loginHint: String?

    init(_ login: AuthorizationParameters, redirectURI: String, state: String, challenge: String) {
        (endpoint, clientID) = (login.metadata.authorizationEndpoint, login.client.id)
        (scopes, resource, loginHint) = (login.scopes, login.resource, login.loginHint)
        (self.redirectURI, self.state, self.challenge) = (redirectURI, state, challenge)
    }

    /// The endpoint with its own query kept and ours added; a name that we set stands there once (RFC 6749 section 3.1).
    var address: String {
        let ours = parameters
        let names = Set(ours.map(\.name))
        let theirs = (endpoint.query ?? "").split(separator: "&").filter { pair in
            FormEncoding.decode(String(pair))?.first.map { !names.contains($0.name) } ?? true
        }
        let query = theirs.map(String.init) + ours.map { "\($0.name)=\(FormEncoding.encode($0.value))" }
        return endpoint.string.prefix { $0 != "?" } + "?" + query.joined(separator: "&")
    }

    private var parameters: [(name: String, value: String)] {
        var list = [
            (name: "response_type", value: "code"), (name: "client_id", value: clientID),
            (name: "redirect_uri", value: redirectURI),
        ]
        if !scopes.isEmpty { list.append((name: "scope", value: scopes.joined(separator: " "))) }
        list.append((name: "state", value: state))
        list.append((name: "code_challenge", value: challenge))
        list.append((name: "code_challenge_method", value: "S256"))
        if let resource { list.append((name: "resource", value: resource)) }
        if let loginHint { list.append((name: "login_hint", value: loginHint)) }
        return list
    }
}
