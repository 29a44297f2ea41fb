import Addresses
import Secrets

/// A login in the user's own browser: authorization code with PKCE and a loopback redirect (RFC 8252).
///
/// Two ways lead to the answer: the browser returns to our listener, or the user pastes the complete address on which
/// the browser ended. The first answer counts.
package struct AuthorizationCodeFlow: Sendable {
    private let parameters: AuthorizationParameters
    private let listens: Bool
    private let transport: any HTTPTransport

    /// - Parameter listens: false if no browser can reach this machine. Then only a pasted address ends the login, and
    ///   the redirect URI is sent as registered.
    package init(_ parameters: AuthorizationParameters, listens: Bool = true, transport: any HTTPTransport) {
        (self.parameters, self.listens, self.transport) = (parameters, listens, transport)
    }

    /// Runs the login: binds the listener, pushes the request if the server accepts that (RFC 9126), calls `present`
    /// once, waits for the one valid answer, and exchanges the code.
    ///
    /// `present` runs in parallel with the login and is cancelled at its end. So it may also show the time left, and
    /// give pasted text to ``PendingLogin/offer``. It must react to cancellation, and must not end a browser that it
    /// started. The listener is closed when this function returns or throws.
    ///
    /// - Throws: the error of `present` if it fails before the answer has come; otherwise ``OAuthError``. If the task
    ///   is cancelled, the login ends at once with `cancelled`.
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
            // The page in the browser and the exchange of the code do not wait for each other.
            async let lastPage: Void = listener.awaitLastPage()
            let result = await exchange(answer, verifier, listener.redirectURI)
            await lastPage
            var response = try result.get()
            response.nonce = request.nonce
            return response
        }
    }

    /// Pushes the request if necessary. From then on the listener answers.
    private func open(
        _ request: AuthorizationRequest, _ listener: RedirectListener
    ) async throws(OAuthError) -> PendingLogin {
        let pushed = try await push(request, listener)
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
            port: listener.port, clientID: parameters.client.id, scopes: parameters.scopes,
            offersDevice: parameters.metadata.deviceAuthorizationEndpoint != nil,
            offer: { listener.offer($0) }, remarks: listener.remarks, isAnswered: { listener.isAnswered })
    }

    /// Pushes the request. Returns nil if a plain one has to do: the server takes no pushed ones, or refuses this one for a
    /// reason that may be only about pushing.
    private func push(
        _ request: AuthorizationRequest, _ listener: RedirectListener
    ) async throws(OAuthError) -> PushedAuthorizationRequest? {
        do {
            return try await pushOrRetry(request)
        } catch {
            guard !parameters.metadata.requiresPushedAuthorizationRequests, error.mayConcernPushing else { throw error }
            // An unknown client would leave the user on an error page. The server shows it to everybody who asks.
            if error.refusesClient {
                let trial = AuthorizationTrial(parameters, port: listener.port)
                if case .refuses? = try? await trial.send(by: transport) { throw error }
            }
            return nil
        }
    }

    /// Pushes the request; once more without `prompt` if that may be what the server refuses.
    private func pushOrRetry(_ request: AuthorizationRequest) async throws(OAuthError) -> PushedAuthorizationRequest? {
        do {
            return try await PushedAuthorizationRequest.push(request, for: parameters, transport: transport)
        } catch {
            guard request.prompt != nil, error.mayConcernPrompt else { throw error }
            var plain = request
            plain.prompt = nil
            return try await PushedAuthorizationRequest.push(plain, for: parameters, transport: transport)
        }
    }

    private func exchange(
        _ answer: Result<Secret, OAuthError>, _ verifier: CodeVerifier, _ redirectURI: String
    ) async -> Result<TokenResponse, OAuthError> {
        let endpoint = TokenEndpoint(
            url: parameters.metadata.tokenEndpoint, client: parameters.client,
            supported: parameters.metadata.tokenEndpointAuthMethodsSupported, transport: transport)
        let code: Secret
        do { code = try answer.get() } catch { return .failure(error) }
        do {
            return .success(
                try await endpoint.exchange(
                    code: code, codeVerifier: verifier.secret, redirectURI: redirectURI, resource: parameters.resource))
        } catch {
            return .failure(error.mayHaveSpentCode ? .codeSpent(by: error) : error)
        }
    }
}

extension OAuthError {
    /// Whether the server may have used up a code that was sent, and names nothing that could be changed. Even if it has
    /// not processed the request, only another sign-in leads on.
    fileprivate var mayHaveSpentCode: Bool {
        switch self {
        case .answerLost, .notHTTP, .timedOut, .tooLarge, .redirected, .notJSON, .malformed, .unavailable,
            .unusableToken:
            true
        case .refused(_, ..<200, _, _): true
        case .refused(_, _, let error, _): ["server_error", "temporarily_unavailable", "slow_down"].contains(error)
        default: false
        }
    }
}

extension OAuthError {
    /// Whether a pushed request may have been refused for a reason that does not concern a plain one: the endpoint wants
    /// another authentication of the client, or another form (RFC 9126 section 2.3). The other errors are about what the
    /// user would be asked for.
    fileprivate var mayConcernPushing: Bool {
        guard case .refused(_, _, let error, _) = self else { return false }
        return ![
            "access_denied", "invalid_scope", "invalid_target", "invalid_redirect_uri", "redirect_uri_mismatch",
            "unsupported_response_type",
        ].contains(error)
    }
}
