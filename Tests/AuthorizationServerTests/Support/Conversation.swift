import AuthorizationServer
import FoundationEssentials
import Testing

/// The client and the browser in a conversation with one server, step by step.
struct Conversation {
    let server: RunningServer
    var clientID = "keyfob-demo"
    var redirectURI = "http://127.0.0.1:4711/callback"

    /// The pair of RFC 7636 appendix B.
    static let verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
    static let challenge = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"

    init(_ server: RunningServer, clientID: String = "keyfob-demo", redirectURI: String? = nil) {
        self.server = server
        self.clientID = clientID
        if let redirectURI { self.redirectURI = redirectURI }
    }

    /// The authorization request. `changes` replaces parameters; a nil value removes one.
    func authorizationURL(_ changes: [String: String?] = [:], append: String = "") -> String {
        var parameters: [String: String?] = [
            "response_type": "code", "client_id": clientID, "redirect_uri": redirectURI, "state": "s/t&te",
            "code_challenge": Self.challenge, "code_challenge_method": "S256",
        ]
        for (name, value) in changes { parameters[name] = .some(value) }
        let pairs = parameters.sorted { $0.key < $1.key }.compactMap { name, value in
            value.map { name + "=" + WebClient.escape($0) }
        }
        return server.issuer + "/authorize?" + pairs.joined(separator: "&") + append
    }

    func authorize(_ changes: [String: String?] = [:]) async throws -> WebClient.Answer {
        try await WebClient.get(authorizationURL(changes))
    }

    /// The sign-in page's cookie and CSRF token.
    func openPage(_ changes: [String: String?] = [:]) async throws -> (cookie: String, csrf: String) {
        let page = try await authorize(changes)
        #expect(page.status == 200)
        let cookie = try #require(page["set-cookie"]?.split(separator: ";").first)
        let field = try #require(page.text.split(separator: "name=\"csrf\" value=\"").dropFirst().first)
        return (String(cookie), String(field.prefix { $0 != "\"" }))
    }

    /// Signs in and agrees, as a user does.
    func signIn(
        _ page: (cookie: String, csrf: String), name: String = "demo", password: String = "demo",
        decision: String = "allow"
    ) async throws -> WebClient.Answer {
        try await WebClient.post(
            server.issuer + "/authorize",
            ["csrf": page.csrf, "username": name, "password": password, "decision": decision],
            headers: ["Cookie": page.cookie])
    }

    /// Signs in through the page and returns a new code.
    func code(_ changes: [String: String?] = [:]) async throws -> String {
        try #require(try await signIn(try await openPage(changes)).redirected["code"])
    }

    func exchange(
        _ code: String, verifier: String? = verifier, redirectURI: String? = nil, client: String? = nil
    ) async throws -> WebClient.Answer {
        try await token([
            "grant_type": "authorization_code", "code": code, "client_id": client ?? clientID,
            "redirect_uri": redirectURI ?? self.redirectURI, "code_verifier": verifier,
        ])
    }

    /// The same code exchange for a client with a secret, which it sends by Basic or in the body.
    func exchange(_ code: String, secret: (text: String, isBasic: Bool)?) async throws -> WebClient.Answer {
        var headers: [String: String] = [:]
        if let secret, secret.isBasic {
            let pair = Data("\(WebClient.escape(clientID)):\(WebClient.escape(secret.text))".utf8)
            headers["Authorization"] = "Basic " + pair.base64EncodedString()
        }
        return try await WebClient.post(
            server.issuer + "/token",
            [
                "grant_type": "authorization_code", "code": code, "client_id": clientID, "redirect_uri": redirectURI,
                "code_verifier": Self.verifier, "client_secret": secret?.isBasic == false ? secret?.text : nil,
            ], headers: headers)
    }

    func refresh(_ token: String, client: String? = nil, scope: String? = nil) async throws -> WebClient.Answer {
        try await self.token([
            "grant_type": "refresh_token", "refresh_token": token, "client_id": client ?? clientID, "scope": scope,
        ])
    }

    func revoke(_ token: String, client: String? = nil) async throws -> WebClient.Answer {
        try await WebClient.post(server.issuer + "/revoke", ["token": token, "client_id": client ?? clientID])
    }

    func token(_ form: KeyValuePairs<String, String?>) async throws -> WebClient.Answer {
        try await WebClient.post(server.issuer + "/token", form)
    }

    /// The access token and refresh token of a new login.
    func login(_ changes: [String: String?] = [:]) async throws -> (access: String, refresh: String) {
        let answer = try await exchange(try await code(changes))
        return (
            try #require(answer.json["access_token"]?.text), try #require(answer.json["refresh_token"]?.text)
        )
    }
}

/// Runs a server with `configuration` and talks to it.
func withServer<Result>(
    _ configuration: AuthorizationServerConfiguration = AuthorizationServerConfiguration(),
    _ body: (Conversation) async throws -> Result
) async throws -> Result {
    try await AuthorizationServer(configuration).run { try await body(Conversation($0)) }
}
