import Addresses
package import OAuth
import Secrets

/// The first attempt, and the second.
extension SignIn {
    /// Chooses the flow and the client for an attempt; keyfob registers itself if it has to, and if the flow can run.
    ///
    /// - Parameter anew: makes another registration, and keeps those that other sign-ins need.
    /// - Throws: `OAuthError` if the server announces that it does not have what the flow needs;
    ///   ``CredentialFailure/clientIsConfigured(service:id:)`` if `anew` and the client is not keyfob's own.
    func prepare(
        _ account: Account, at metadata: AuthorizationServerMetadata, anew: Bool = false, _ transport: any HTTPTransport
    ) async throws -> SignInAttempt {
        let flow = place.flow(for: account, at: metadata)
        switch flow {
        case .loopback, .paste:
            try metadata.checkAuthorizationEndpoint()
            try account.pkce.check(metadata)
        case .device: try DeviceFlow.check(metadata)
        }
        let identity = try await clients.identity(
            for: account, at: metadata, isForDevice: flow == .device, anew: anew, transport: transport)
        guard identity.isRegisteredByUs || !anew else {
            throw CredentialFailure.clientIsConfigured(service: account.service, id: identity.client.id)
        }
        return SignInAttempt(
            account: account, metadata: metadata, identity: identity, flow: flow, transport: transport,
            isRegisteredAnew: anew)
    }

    /// Runs an attempt, and a second one if the first error says what to change.
    func runTwice(_ first: SignInAttempt) async throws -> Result {
        let problem: OAuthError
        do {
            return try await first.run(screen, now: now())
        } catch let error as OAuthError {
            problem = error
        } catch {
            await clearUp(first, after: error)
            throw error
        }
        let second: SignInAttempt
        do {
            second = try await secondAttempt(after: first, failedWith: problem)
        } catch {
            await clearUp(first, after: problem)
            throw error
        }
        if second.isRegisteredAnew, !first.isRegisteredAnew { await clearUp(first, after: problem) }
        do {
            return try await second.run(screen, now: now())
        } catch {
            await clearUp(second, after: error)
            throw (error as? OAuthError).map { Self.explained($0, of: second) } ?? error
        }
    }

    /// Clears up after an attempt that has failed: the next one begins with another form of the client's secret, if that may
    /// be the reason. The registration that was made in place of an older one is deleted.
    private func clearUp(_ attempt: SignInAttempt, after error: any Error) async {
        let identity = attempt.identity
        let problem = error as? OAuthError
        if problem?.mayConcernFormOfSecret == true || problem?.isFailureAtCode == true && !hasWorked(identity.client) {
            clients.noteTried(identity.client, issuer: attempt.issuer)
        }
        if identity.isRegisteredByUs, !identity.isOlder, (error as? OAuthError)?.refusesRegistration == true {
            try? await clients.noteRefusal(
                of: identity.client, issuer: attempt.issuer, needed: { try grants.all() }, transport: attempt.transport)
        } else if attempt.isRegisteredAnew {
            try? await forgetClient(of: attempt)
        }
    }

    /// Whether there is a sign-in of this client, which the server accepted in this form of the secret.
    private func hasWorked(_ client: Client) -> Bool {
        ((try? grants.all()) ?? []).contains {
            $0.client.id.isSame(as: client.id) && $0.client.authentication == client.authentication
        }
    }

    /// The error of an attempt, with what a hint needs: the client that the server refuses, or the endpoints of metadata that
    /// are wrong in something else.
    private static func explained(_ error: OAuthError, of attempt: SignInAttempt) -> any Error {
        let service = attempt.account.service
        if error.isAboutMetadata, attempt.mayConfigureEndpoints(after: error) {
            return CredentialFailure.metadataUnusable(service: service, lines: attempt.configurationLines, by: error)
        }
        if case .refused(_, _, "invalid_scope", _) = error, attempt.account.scopes.isEmpty,
            let known = attempt.metadata.scopesSupported, !known.isEmpty
        {
            return CredentialFailure.scopesNeeded(service: service, scopes: Array(known.prefix(10)), by: error)
        }
        let client = attempt.identity.client
        // Perhaps the first form in which the secret was sent has used up the code.
        if let cause = error.causeOfSpentCode, client.secret != nil {
            return CredentialFailure.codeSpent(
                service: service, account: attempt.account.name, by: cause, hasSecret: true)
        }
        if attempt.identity.isRegisteredByUs {
            return error.refusesRegistration || error.isBareUnauthorized
                ? CredentialFailure.registrationRefused(service: service, by: error, hasSecret: client.secret != nil)
                : error
        }
        return error.refusesClient || error.isBareUnauthorized
            ? CredentialFailure.clientRefused(
                service: service, id: client.id, by: error, hasSecret: client.secret != nil) : error
    }

    /// Prepares the second attempt.
    ///
    /// A server that does not know its client says so on a page of its own, and the browser never comes back (RFC 6749
    /// section 4.1.2.1). So if the browser does not come back from a sign-in with an older registration, keyfob asks the
    /// user whether to register again.
    ///
    /// - Throws: `error`, or the ``CredentialFailure`` that explains it, if a second attempt would not help.
    private func secondAttempt(
        after first: SignInAttempt, failedWith error: OAuthError
    ) async throws -> SignInAttempt {
        let account = first.account
        // A server that gave a code for another device knows its client.
        if first.identity.isOlder, first.flow != .device, error.isUnanswered {
            let server = first.metadata.authorizationEndpoint.host
            guard error != .cancelled, try await screen.asksToRegister(account, server) else {
                throw CredentialFailure.unanswered(service: account.service, after: error)
            }
            return try await prepare(account, at: first.metadata, anew: true, first.transport)
        }
        if first.account.asksForConsent, first.flow != .device, error.isUnanswered {
            throw CredentialFailure.unansweredConsent(
                service: account.service, after: error, isAdded: account.addsOfflineAccess)
        }
        guard let change = try await change(after: first, failedWith: error) else {
            throw Self.explained(error, of: first)
        }
        if change.registersAnew {
            return try await prepare(change.account, at: first.metadata, anew: true, first.transport)
        }
        var second = first
        second.account = change.account
        return second
    }

    /// The change for the second attempt; nil if none would help.
    ///
    /// - If the server answers `prompt=consent` with an error, the parameter is left out.
    /// - If the server refuses a scope that its own metadata do not list, or that only keyfob added, it is left out. The
    ///   user's own scopes stay.
    /// - If the server does not know keyfob's own registration of an earlier sign-in, or the registration does not allow
    ///   the request, keyfob registers again (RFC 6749 section 5.2), unless that did not help before. The same if another
    ///   program uses the port of the redirect URI.
    /// - Only a registration that the server does not know is deleted: other sign-ins may need it.
    private func change(
        after first: SignInAttempt, failedWith error: OAuthError
    ) async throws -> (account: Account, registersAnew: Bool)? {
        switch error {
        case .refused(_, _, "invalid_scope", _):
            let account = first.account
            if let less = account.withoutUnknownScopes(at: first.metadata) ?? account.withoutOfflineAccess {
                return (less, false)
            }
        case .refused(_, 302, _, _) where first.account.asksForConsent && error.mayConcernPrompt:
            var quiet = first.account
            quiet.mayAskForConsent = false
            return (quiet, false)
        case .listenerFailed where first.identity.isRegisteredByUs && first.identity.isOlder:
            return (first.account, true)
        case .refused(_, _, let code, _)
        where first.identity.mayRegisterAgain && OAuthError.refusalsOfRegistrations.contains(code):
            if code == "invalid_client" { try await forgetClient(of: first) }
            return (first.account, true)
        default: break
        }
        return nil
    }

    private func forgetClient(of attempt: SignInAttempt) async throws {
        try await clients.forget(
            attempt.identity.client, issuer: attempt.issuer, needed: { try grants.all() },
            transport: attempt.transport)
    }
}

extension OAuthError {
    /// Errors after which another registration may help.
    fileprivate static let refusalsOfRegistrations = ["invalid_client", "unauthorized_client", "invalid_redirect_uri"]

    /// Whether the server refuses the client, or what it has registered for it.
    fileprivate var refusesRegistration: Bool {
        guard case .refused(_, _, let code, _) = self else { return false }
        return refusesClient || Self.refusalsOfRegistrations.contains(code)
    }

    /// Whether the server does not do what its metadata announce, so that configured endpoints lead on.
    fileprivate var isAboutMetadata: Bool {
        switch self {
        case .missingEndpoint("pushed_authorization_request_endpoint"),
            .endpointFailed("pushed_authorization_request_endpoint", _, _), .responseIssuerMismatch(_, nil):
            true
        default: false
        }
    }

    /// Why a code cannot be used again; nil for other errors.
    fileprivate var causeOfSpentCode: OAuthError? {
        switch self {
        case .codeSpent(let error): error
        case .refused(_, _, "invalid_grant", _): self
        default: nil
        }
    }

    /// Whether another form of the client's secret may help at the next sign-in: the server has refused the client, or has used
    /// up the code before it did.
    fileprivate var mayConcernFormOfSecret: Bool {
        switch self {
        case .codeSpent(.refused(_, _, "invalid_grant", _)): true
        default: refusesClient || isBareUnauthorized
        }
    }

    /// Whether the server failed when it got the code: some do so at a form of the secret that they do not expect.
    fileprivate var isFailureAtCode: Bool {
        if case .codeSpent(.unavailable) = self { true } else { false }
    }

    /// Whether the answer is 401 without a name: at a token endpoint, that status is about the client (RFC 6749 section 5.2).
    fileprivate var isBareUnauthorized: Bool {
        if case .refused(_, 401, "HTTP 401", _) = self { true } else { false }
    }

    /// Whether the browser did not come back from the server, or the user gave up.
    fileprivate var isUnanswered: Bool {
        switch self {
        case .authorizationTimedOut, .cancelled: true
        default: false
        }
    }
}

extension Account {
    /// The scope that asks for a refresh token (OpenID Connect Core section 11).
    private static let offlineAccess = "offline_access"

    /// Whether an authorization request must ask for the user's consent, which OpenID Connect Core section 11 requires for a
    /// refresh token.
    package var asksForConsent: Bool { mayAskForConsent && scopes.contains(Self.offlineAccess) }

    /// The account, with `offline_access` if keyfob may add it and the server supports it.
    package func withOfflineAccess(at metadata: AuthorizationServerMetadata) -> Account {
        guard addsOfflineAccess, !scopes.contains(Self.offlineAccess),
            metadata.scopesSupported?.contains(Self.offlineAccess) == true
        else { return self }
        var account = self
        account.scopes.append(Self.offlineAccess)
        return account
    }

    /// The account without the scopes that the server's metadata do not list, if the service has named the scopes, and not
    /// the user; nil if none or all of them are listed.
    fileprivate func withoutUnknownScopes(at metadata: AuthorizationServerMetadata) -> Account? {
        guard addsOfflineAccess, let known = metadata.scopesSupported else { return nil }
        let listed = scopes.filter(known.contains)
        guard listed.count < scopes.count, listed.contains(where: { $0 != Self.offlineAccess }) else { return nil }
        var account = self
        account.scopes = listed
        return account
    }

    /// The account without `offline_access`; nil if keyfob did not add it.
    fileprivate var withoutOfflineAccess: Account? {
        guard addsOfflineAccess, scopes.contains(Self.offlineAccess) else { return nil }
        var account = self
        account.scopes.removeAll { $0 == Self.offlineAccess }
        return account
    }
}
