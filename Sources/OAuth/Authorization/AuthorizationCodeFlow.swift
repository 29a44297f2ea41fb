import Secrets

/// A login in the person's own browser: authorization code with PKCE and a loopback redirect (RFC 8252).
///
/// The browser comes back to a listener of ours; or it runs elsewhere, and the person pastes the whole address that it
/// ended on. Whichever comes first counts.
package struct AuthorizationCodeFlow: Sendable {
    private let parameters: AuthorizationParameters
    private let listens: Bool
    private let transport: any HTTPTransport

    /// - Parameter listens: false where no browser can reach this machine: then only a pasted address ends the login,
    ///   and the redirect URI is sent as registered.
    package init(_ parameters: AuthorizationParameters, listens: Bool = true, transport: any HTTPTransport) {
        (self.parameters, self.listens, self.transport) = (parameters, listens, transport)
    }

    /// Binds the listener, pushes the request where the server takes that (RFC 9126), calls `present` once, waits for the one genuine answer and exchanges the code.
    ///
    /// `present` runs beside the login and is cancelled at its end, so it may also show the time left, and hand what is
    /// pasted to ``PendingLogin/offer``; it must heed cancellation, and must not tie the life of a person's browser to
    /// its own. What it throws before the answer has come ends the login and is thrown on; every other error is an
    /// ``OAuthError``. Cancelling the task ends the login at once, with `cancelled`. The listener is closed when this
    /// returns, however it returns.
    package func run(
        present: @escaping @Sendable (PendingLogin) async throws -> Void
    ) async throws -> TokenResponse {
        try parameters.pkce.check(parameters.metadata)
        let listener = try await RedirectListener.open(parameters.redirect, listens: listens)
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
        let request = AuthorizationRequest(
            parameters, redirectURI: listener.redirectURI, state: RandomText.base64URL(bits: 256),
            challenge: verifier.challenge,
            nonce: parameters.scopes.contains("openid") ? RandomText.base64URL(bits: 128) : nil)
        let pending = try await open(request, listener)

        return try await listener.awaitAnswer(until: pending.deadline, of: parameters.deadline) {
            try await present(pending)
        } finish: { answer in
            // The person's page does not wait for the exchange, nor the exchange for the page.
            async let farewell: Void = listener.sayFarewell()
            let result = await exchange(answer, verifier, listener.redirectURI)
            await farewell
            var response = try result.get()
            response.nonce = request.nonce
            return response
        }
    }

    /// Pushes the request if need be, and lets the listener answer from then on.
    private func open(
        _ request: AuthorizationRequest, _ listener: RedirectListener
    ) async throws(OAuthError) -> PendingLogin {
        let pushed = try await PushedAuthorizationRequest.push(request, for: parameters, transport: transport)
        let address = pushed.map { request.address(naming: $0) } ?? request.address
        let gate = RedirectGate(
            metadata: parameters.metadata, authorizationAddress: address, state: Secret(request.state),
            authority: listener.authority, callbackPath: parameters.redirect.path,
            lifetime: Int(parameters.deadline.components.seconds), service: parameters.service,
            account: parameters.loginHint)
        listener.begin(gate)
        return PendingLogin(
            startAddress: listener.port == nil ? nil : gate.startAddress, authorizationAddress: address,
            addressLifetime: pushed.map { .seconds($0.expiresIn) },
            authorizationServer: parameters.metadata.authorizationEndpoint.host,
            tokenServer: parameters.metadata.tokenServer(besides: parameters.metadata.authorizationEndpoint),
            deadline: ContinuousClock.now + parameters.deadline, redirectURI: listener.redirectURI,
            port: listener.port, offer: { listener.offer($0) })
    }

    private func exchange(
        _ answer: Result<Secret, OAuthError>, _ verifier: CodeVerifier, _ redirectURI: String
    ) async -> Result<TokenResponse, OAuthError> {
        let endpoint = TokenEndpoint(
            url: parameters.metadata.tokenEndpoint, client: parameters.client, transport: transport)
        do {
            return .success(
                try await endpoint.exchange(
                    code: try answer.get(), codeVerifier: verifier.secret, redirectURI: redirectURI,
                    resource: parameters.resource))
        } catch {
            return .failure(error)
        }
    }
}
