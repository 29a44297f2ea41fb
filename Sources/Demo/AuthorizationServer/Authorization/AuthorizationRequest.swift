/// A valid authorization request (RFC 6749 section 4.1.1, RFC 7636 section 4.3).
struct AuthorizationRequest: Sendable {
    var client: RegisteredClient
    var redirectURI: String
    var redirectURIWasGiven: Bool
    var state: String?
    var challenge: String
    var scopes: [String]
    var resources: [String]
    var loginHint: String?

    /// The reason why a request is invalid.
    enum Refusal: Error {
        /// The client or redirect URI is unknown, so the server must not redirect (RFC 6749 section 4.1.2.1).
        case page(String)
        /// The error goes to the client at its redirect URI.
        case redirect(uri: String, state: String?, error: String, description: String)
    }

    /// - Parameter clients: returns the client with an id.
    init(
        _ query: Parameters, _ configuration: AuthorizationServerConfiguration,
        clients: (String) -> RegisteredClient?
    ) throws(Refusal) {
        let state = query["state"]
        client = try Self.client(query, clients)
        let uri = try Self.redirectURI(query, client, ignoringPort: configuration.ignoresLoopbackPort)
        func refusal(_ error: String, _ description: String) -> Refusal {
            .redirect(uri: uri, state: state, error: error, description: description)
        }
        guard !query.hasRepetition else { throw refusal("invalid_request", "a parameter came twice") }
        guard let responseType = query["response_type"] else {
            throw refusal("invalid_request", "response_type is missing")
        }
        guard responseType == "code" else {
            throw refusal("unsupported_response_type", "the only response type is code")
        }
        // Without code_challenge_method the method would be plain (RFC 7636 section 4.3).
        guard query["code_challenge_method"] == "S256", let challenge = query["code_challenge"],
            Self.isChallenge(challenge)
        else { throw refusal("invalid_request", "a code challenge with the method S256 is required") }
        let asked = query["scope"]?.split(separator: " ").map(String.init)
        guard asked.map({ Set($0).isSubset(of: configuration.scopes) }) ?? true else {
            throw refusal("invalid_scope", "an unknown scope was asked for")
        }
        if let error = query["prompt"].flatMap({ configuration.refusedPrompts[$0] }) {
            throw refusal(error, "a prompt that this server refuses")
        }
        let resources = query.all("resource")
        guard resources.allSatisfy(Self.isResource) else {
            throw refusal("invalid_target", "a resource is an absolute URI without a fragment")
        }
        redirectURI = uri
        redirectURIWasGiven = query["redirect_uri"] != nil
        self.state = state
        self.challenge = challenge
        scopes = asked ?? configuration.scopes
        self.resources = resources
        loginHint = query["login_hint"]
    }

    private static func client(
        _ query: Parameters, _ clients: (String) -> RegisteredClient?
    ) throws(Refusal) -> RegisteredClient {
        let ids = query.all("client_id")
        guard ids.count == 1, let client = clients(ids[0]) else {
            throw .page("This client is not registered here.")
        }
        return client
    }

    private static func redirectURI(
        _ query: Parameters, _ client: RegisteredClient, ignoringPort: Bool
    ) throws(Refusal) -> String {
        let given = query.all("redirect_uri")
        if given.isEmpty, client.redirectURIs.count == 1 { return client.redirectURIs[0] }
        guard given.count == 1,
            client.redirectURIs.contains(where: {
                RedirectURIRule.matches(given[0], registered: $0, ignoringPort: ignoringPort)
            })
        else { throw .page("The address that the answer should go to is not registered for this client.") }
        return given[0]
    }

    /// 43 characters of base64url, the length of a SHA-256 digest (RFC 7636 section 4.2).
    private static func isChallenge(_ text: String) -> Bool {
        text.utf8.count == 43 && text.utf8.allSatisfy { Character(Unicode.Scalar($0)).isBase64URL }
    }

    /// Whether the text may be a resource indicator (RFC 8707 section 2).
    static func isResource(_ text: String) -> Bool {
        guard let colon = text.firstIndex(of: ":"), colon != text.startIndex else { return false }
        return !text.contains("#") && !text.contains(" ")
    }
}

extension Character {
    fileprivate var isBase64URL: Bool { isASCII && (isLetter || isNumber) || self == "-" || self == "_" }
}
