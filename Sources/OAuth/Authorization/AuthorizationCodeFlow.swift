import Secrets

/// A login in the person's own browser: authorization code with PKCE and a loopback redirect (RFC 8252).
package struct AuthorizationCodeFlow: Sendable {
    private let metadata: AuthorizationServerMetadata
    private let client: Client
    private let scopes: [String]
    private let resource: String?
    private let loginHint: String?
    private let redirect: RedirectTemplate
    private let pkce: PKCEPolicy
    private let deadline: Duration
    private let transport: any HTTPTransport

    /// - Parameters:
    ///   - scopes: none: the server's default.
    ///   - resource: RFC 8707; sent with both requests.
    ///   - loginHint: OpenID Connect Core section 3.1.2.1.
    ///   - deadline: how long the person may take.
    package init(
        metadata: AuthorizationServerMetadata, client: Client, scopes: [String] = [], resource: String? = nil,
        loginHint: String? = nil, redirect: RedirectTemplate = .loopback, pkce: PKCEPolicy = .required,
        deadline: Duration = .seconds(300), transport: any HTTPTransport
    ) {
        (self.metadata, self.client, self.scopes) = (metadata, client, scopes)
        (self.resource, self.loginHint, self.redirect) = (resource, loginHint, redirect)
        (self.pkce, self.deadline, self.transport) = (pkce, deadline, transport)
    }

    /// Binds the listener, calls `present` once, waits for the one genuine callback and exchanges the code.
    ///
    /// `present` runs beside the login and is cancelled at its end, so it may also show the time left; it must heed
    /// cancellation, and must not tie the life of a person's browser to its own. What it throws before the answer has
    /// come ends the login and is thrown on; every other error is an ``OAuthError``. Cancelling the task ends the login
    /// at once, with `cancelled`. The listener is closed when this returns, however it returns.
    package func run(
        present: @escaping @Sendable (PendingLogin) async throws -> Void
    ) async throws -> TokenResponse {
        try pkce.check(metadata)
        let listener = try await RedirectListener.open(redirect)
        do {
            let response = try await logIn(over: listener, present: present)
            await listener.close()
            return response
        } catch {
            await listener.close()
            throw Task.isCancelled ? OAuthError.cancelled : error
        }
    }

    private func logIn(
        over listener: RedirectListener, present: @escaping @Sendable (PendingLogin) async throws -> Void
    ) async throws -> TokenResponse {
        let verifier = CodeVerifier()
        let gate = gate(of: listener, state: RandomText.base64URL(bits: 256), challenge: verifier.challenge)
        let pending = PendingLogin(
            startAddress: gate.startAddress, authorizationServer: metadata.authorizationEndpoint.host,
            deadline: ContinuousClock.now + deadline, redirectURI: listener.redirectURI)
        listener.begin(gate)

        return try await listener.awaitAnswer(until: pending.deadline, of: deadline) {
            try await present(pending)
        } finish: { answer in
            // The person's page does not wait for the exchange, nor the exchange for the page.
            async let farewell: Void = listener.sayFarewell()
            let response = await exchange(answer, verifier, listener.redirectURI)
            await farewell
            return try response.get()
        }
    }

    private func gate(of listener: RedirectListener, state: String, challenge: String) -> RedirectGate {
        let request = AuthorizationRequest(
            endpoint: metadata.authorizationEndpoint, clientID: client.id, redirectURI: listener.redirectURI,
            scopes: scopes, state: state, challenge: challenge, resource: resource, loginHint: loginHint)
        return RedirectGate(
            metadata: metadata, authorizationAddress: request.address, state: Secret(state),
            authority: listener.authority, callbackPath: redirect.path,
            lifetime: Int(deadline.components.seconds))
    }

    private func exchange(
        _ answer: Result<Secret, OAuthError>, _ verifier: CodeVerifier, _ redirectURI: String
    ) async -> Result<TokenResponse, OAuthError> {
        let endpoint = TokenEndpoint(url: metadata.tokenEndpoint, client: client, transport: transport)
        do {
            return .success(
                try await endpoint.exchange(
                    code: try answer.get(), codeVerifier: verifier.secret, redirectURI: redirectURI,
                    resource: resource))
        } catch {
            return .failure(error)
        }
    }
}
