import Addresses
package import OAuth
import Secrets

/// The first attempt, and the second.
extension SignIn {
    /// Chooses the flow and the client for an attempt; keyfob registers itself if it has to.
    ///
    /// - Parameter anew: makes another registration, and keeps those that other sign-ins need.
    /// - Throws: ``CredentialFailure/clientIsConfigured(service:id:)`` if `anew` and the client is not keyfob's own.
    func prepare(
        _ account: Account, at metadata: AuthorizationServerMetadata, anew: Bool = false, _ transport: any HTTPTransport
    ) async throws -> SignInAttempt {
        let flow = place.flow(for: account, at: metadata)
        let identity = try await clients.identity(
            for: account, at: metadata, isForDevice: flow == .device, anew: anew, transport: transport)
        guard identity.isRegisteredByUs || !anew else {
            throw CredentialFailure.clientIsConfigured(service: account.service, id: identity.client.id)
        }
        return SignInAttempt(
            account: account, metadata: metadata, identity: identity, flow: flow, transport: transport,
            isRegisteredAnew: anew)
    }

    /// Runs one attempt. If it fails, the registration that was made for it is deleted.
    func run(_ attempt: SignInAttempt) async throws -> Result {
        do {
            return try await attempt.run(screen, now: now())
        } catch {
            if attempt.isRegisteredAnew { try? await forgetClient(of: attempt) }
            throw error
        }
    }

    /// Runs an attempt, and a second one if the first error says what to change.
    func runTwice(_ first: SignInAttempt) async throws -> Result {
        do {
            return try await run(first)
        } catch let error as OAuthError {
            let second = try await secondAttempt(after: first, failedWith: error)
            do {
                return try await run(second)
            } catch let error as OAuthError {
                throw Self.explained(error, of: second)
            }
        }
    }

    /// The error of an attempt; if the server refuses the client, with the client that it refuses.
    private static func explained(_ error: OAuthError, of attempt: SignInAttempt) -> any Error {
        guard error.refusesClient else { return error }
        let service = attempt.account.service
        return attempt.identity.isRegisteredByUs
            ? CredentialFailure.registrationRefused(service: service, by: error)
            : CredentialFailure.clientRefused(service: service, id: attempt.identity.client.id, by: error)
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
        return try await prepare(change.account, at: first.metadata, anew: change.registersAnew, first.transport)
    }

    /// The change for the second attempt; nil if none would help.
    ///
    /// - If the server answers `prompt=consent` with an error, the parameter is left out.
    /// - If the server refuses a scope that only keyfob added, it is left out.
    /// - If the server does not know keyfob's own registration of an earlier sign-in, or the registration does not allow the request, keyfob
    ///   registers again (RFC 6749 section 5.2). The same if another program uses the port of the redirect URI.
    /// - Only a registration that the server does not know is deleted: other sign-ins may need it.
    private func change(
        after first: SignInAttempt, failedWith error: OAuthError
    ) async throws -> (account: Account, registersAnew: Bool)? {
        switch error {
        case .refused(_, _, "invalid_scope", _):
            if let less = first.account.withoutOfflineAccess { return (less, false) }
        case .refused(_, 302, _, _) where first.account.asksForConsent && error.mayConcernPrompt:
            var quiet = first.account
            quiet.mayAskForConsent = false
            return (quiet, false)
        case .refused(_, _, "invalid_client", _) where first.identity.isRegisteredByUs:
            try await forgetClient(of: first)
            // To register once more would not help.
            guard first.identity.isOlder else { return nil }
        case .refused(_, _, "unauthorized_client", _), .refused(_, _, "invalid_redirect_uri", _), .listenerFailed: break
        default: return nil
        }
        return first.identity.isRegisteredByUs ? (first.account, true) : nil
    }

    private func forgetClient(of attempt: SignInAttempt) async throws {
        try await clients.forget(
            attempt.identity.client, issuer: attempt.issuer, needed: { try grants.all() },
            transport: attempt.transport)
    }
}

extension OAuthError {
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
    var asksForConsent: Bool { mayAskForConsent && scopes.contains(Self.offlineAccess) }

    /// The account, with `offline_access` if keyfob may add it and the server supports it.
    package func withOfflineAccess(at metadata: AuthorizationServerMetadata) -> Account {
        guard addsOfflineAccess, !scopes.contains(Self.offlineAccess),
            metadata.scopesSupported?.contains(Self.offlineAccess) == true
        else { return self }
        var account = self
        account.scopes.append(Self.offlineAccess)
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
