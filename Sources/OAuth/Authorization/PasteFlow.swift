package import Secrets

/// A login whose browser runs elsewhere: the person pastes the whole address that it ended on.
///
/// The whole address, not the code alone: it carries `state` and `iss`, and both are checked as on the loopback listener.
package struct PasteFlow: Sendable {
    private let metadata: AuthorizationServerMetadata
    private let client: Client
    private let scopes: [String]
    private let resource: String?
    private let loginHint: String?
    private let redirect: RedirectTemplate
    private let pkce: PKCEPolicy
    private let deadline: Duration
    private let transport: any HTTPTransport

    /// The parameters of ``AuthorizationCodeFlow``; nothing listens on `redirect`, whose port is left out unless given.
    package init(
        metadata: AuthorizationServerMetadata, client: Client, scopes: [String] = [], resource: String? = nil,
        loginHint: String? = nil, redirect: RedirectTemplate = .loopback, pkce: PKCEPolicy = .required,
        deadline: Duration = .seconds(300), transport: any HTTPTransport
    ) {
        (self.metadata, self.client, self.scopes) = (metadata, client, scopes)
        (self.resource, self.loginHint, self.redirect) = (resource, loginHint, redirect)
        (self.pkce, self.deadline, self.transport) = (pkce, deadline, transport)
    }

    /// Calls `present` once, which shows ``PendingLogin/startAddress`` (here the authorization request itself) and
    /// returns what the person pasted; then exchanges the code.
    ///
    /// `present` must heed cancellation. Throws `notTheRedirect` where the text is not an answer on the redirect URI,
    /// `anotherLogin` where it answers another login; otherwise as ``AuthorizationCodeFlow``.
    package func run(
        present: @escaping @Sendable (PendingLogin) async throws -> Secret
    ) async throws -> TokenResponse {
        try pkce.check(metadata)
        let (verifier, state) = (CodeVerifier(), RandomText.base64URL(bits: 256))
        let request = AuthorizationRequest(
            endpoint: metadata.authorizationEndpoint, clientID: client.id, redirectURI: redirect.registered,
            scopes: scopes, state: state, challenge: verifier.challenge, resource: resource, loginHint: loginHint)
        let pending = PendingLogin(
            startAddress: request.address, authorizationServer: metadata.authorizationEndpoint.host,
            deadline: ContinuousClock.now + deadline, redirectURI: redirect.registered)
        do {
            return try await LoginRace.run(until: pending.deadline, of: deadline) {
                try await present(pending)
            } presenting: {
            } finish: { pasted in
                let code = try code(in: pasted, state: Secret(state))
                return try await TokenEndpoint(url: metadata.tokenEndpoint, client: client, transport: transport)
                    .exchange(
                        code: code, codeVerifier: verifier.secret, redirectURI: redirect.registered,
                        resource: resource)
            }
        } catch {
            throw Task.isCancelled ? OAuthError.cancelled : error
        }
    }

    private func code(in pasted: Secret, state: Secret) throws(OAuthError) -> Secret {
        let text = (pasted.exposedText ?? "").drop { $0.isWhitespace }.prefix { !$0.isWhitespace }
        // A browser adds the slash that an empty path lacks.
        let path = redirect.path.isEmpty ? "/" : ""
        let beginnings = [redirect.registered + "?", redirect.registered + path + "?"]
        guard let beginning = beginnings.first(where: { text.hasPrefix($0) }),
            let response = AuthorizationResponse(
                query: text.dropFirst(beginning.count).prefix { $0 != "#" }.description)
        else { throw .notTheRedirect(expected: redirect.registered) }
        guard response.state == state else { throw .anotherLogin }
        return try response.code(from: metadata)
    }
}
