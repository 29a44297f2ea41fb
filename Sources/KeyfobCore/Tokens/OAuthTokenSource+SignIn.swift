import Addresses
package import KernelKeyring
import OAuth
import Secrets

extension OAuthTokenSource {
    /// Asks the user to sign in now, even if there is a grant. The new grant then replaces the old one.
    ///
    /// - Parameters:
    ///   - keepsScopes: whether to ask again for the scopes of the last sign-in.
    ///   - registersAnew: whether keyfob first registers again, if it registered itself.
    package func signInAnew(
        to account: Account, keepsScopes: Bool = false, registersAnew: Bool = false
    ) async throws -> CachedAccessToken {
        try await holdingLock(of: account, mayAsk: true) { held in
            let earlier = keepsScopes ? try grants.grant(account: account.id) : nil
            return try await signIn(to: account.asking(likeBefore: earlier), registersAnew: registersAnew, held)
        }
    }

    /// Refreshes now, to test whether that works. Ignores the cache and does not ask the user.
    package func refreshNow(_ account: Account) async throws -> CachedAccessToken {
        try await holdingLock(of: account, mayAsk: false) { held in
            switch try await refresh.token(of: account, from: settledGrant(of: account), held) {
            case .token(let token): return token
            case .signInNeeded(let reason, _):
                throw CredentialFailure.needsSignIn(account, because: reason)
            }
        }
    }
}

extension OAuthTokenSource {
    /// Asks the user to sign in under the lock.
    ///
    /// - Parameter calling: asks the user first whether to begin at all.
    func signIn(
        to account: Account, registersAnew: Bool = false, _ held: AccountLock.Held,
        calling: (Account) async throws -> Void = { _ in }
    ) async throws -> CachedAccessToken {
        try await held.askingPerson(decline: Self.decline) {
            try await calling(account)
            let before = try? grants.grant(account: account.id)
            let transport = transport(account)
            return try await signIn.run(account, registersAnew: registersAnew, transport: transport) { result in
                let token: CachedAccessToken
                do {
                    token = try keep(result, for: account)
                } catch CredentialFailure.grantNotSaved(let service, let error) {
                    // Some servers would end an earlier sign-in with it.
                    if before == nil {
                        await Self.revoke(
                            result.grant.refreshToken ?? result.response.accessToken, of: result.grant, transport)
                    }
                    throw CredentialFailure.grantNotSaved(service: service, by: error)
                }
                await Self.revoke(before, ofOtherUserThan: result.grant, transport)
                return token
            }
        }
    }

    /// Revokes the refresh token of a replaced sign-in, if the new sign-in is of another user: nothing could revoke it later.
    /// If both are of the same user, it is not revoked, because some servers would end the new sign-in with it.
    private static func revoke(
        _ replaced: Grant?, ofOtherUserThan grant: Grant, _ transport: any HTTPTransport
    ) async {
        guard let replaced, let token = replaced.refreshToken, let before = replaced.label, let now = grant.label,
            !before.asciiLowercased.isSame(as: now.asciiLowercased), replaced.issuer == grant.issuer
        else { return }
        await revoke(token, of: replaced, transport)
    }

    /// Revokes a token of `grant`, if the server has an endpoint for that.
    private static func revoke(_ token: Secret, of grant: Grant, _ transport: any HTTPTransport) async {
        guard let url = grant.revocationEndpoint.flatMap({ try? EndpointURL($0) }) else { return }
        try? await RevocationEndpoint(url: url, client: grant.client, transport: transport)
            .revoke(token, hint: grant.refreshToken == token ? .refreshToken : .accessToken)
    }

    /// How the user, or the user's absence, decided a sign-in that failed with `error`; nil if something else did.
    private static func decline(_ error: any Error) -> AccountLock.Decline? {
        switch error {
        case CredentialFailure.signInRefused, CredentialFailure.foreignHosts: .refused
        case CredentialFailure.notNow(_, .dismissed): .dismissed
        case CredentialFailure.unanswered, CredentialFailure.unansweredConsent, CredentialFailure.notNow,
            OAuthError.authorizationTimedOut, OAuthError.codeExpired:
            .unanswered
        case let error as OAuthError: error.isTransient ? nil : .refused
        default: nil
        }
    }

    /// Stores the result of a sign-in: first the approval, by which the account is found again, then the grant, then the
    /// token. So an interruption leaves no grant without an account. If the approval cannot be stored, the grant still is.
    private func keep(_ result: SignIn.Result, for account: Account) throws -> CachedAccessToken {
        let response = result.response
        let approval = Result {
            try account.approval.map(approve)
            if result.agreedHosts != account.endpointHosts { try agree(account, result.agreedHosts) }
        }
        try grants.save(result.grant, for: account)
        let token = tokens.keep(
            response.accessToken, lifetime: response.expiresIn, refreshable: response.refreshToken != nil, of: account
        ).justIssued
        _ = try approval.get()
        signIn.screen.signedIn(account, result.grant, token)
        return token
    }

    /// Runs `body` under the account's lock.
    ///
    /// - Parameters:
    ///   - mayAsk: whether to wait while the holder asks the user.
    ///   - sharesFailure: whether to give up if the holder gets no token meanwhile.
    func holdingLock<Result>(
        of account: Account, mayAsk: Bool, sharesFailure: Bool = false,
        _ body: (AccountLock.Held) async throws -> Result
    ) async throws -> Result {
        // A refresh may take the transport's 30 s, after a wait of up to 10 s.
        let network = Duration.seconds(45)
        // A user whom the desktop asks has as long to answer as the sign-in may then take.
        let user = interaction.reachesDesktopAlone() ? account.loginDeadline * 2 : account.loginDeadline
        do {
            return try await lock.hold(
                account.id, patience: mayAsk ? user + network : network, waitsForPerson: mayAsk,
                sharesFailure: sharesFailure, body)
        } catch AccountLock.Failure.timedOut(let seconds, let holder) {
            throw CredentialFailure.busy(service: account.service, seconds: seconds, holder: holder)
        } catch AccountLock.Failure.personIsAsked {
            throw CredentialFailure.needsSignIn(account, because: .noGrant)
        } catch AccountLock.Failure.personDeclined(let decline) {
            throw CredentialFailure.declinedElsewhere(service: account.service, account: account.name, decline)
        } catch AccountLock.Failure.holderFailed {
            throw CredentialFailure.holderFailed(service: account.service, account: account.name)
        }
    }
}

extension Account {
    /// The account, with what the last sign-in asked for too: a sign-in replaces the grant and must not lose a scope (the
    /// union of scopes in the Model Context Protocol's step-up).
    func asking(likeBefore grant: Grant?) -> Account {
        guard let grant else { return self }
        var account = self
        let earlier = grant.requestedScopes.isEmpty ? grant.scopes : grant.requestedScopes
        account.scopes = earlier + account.scopes.filter { !earlier.contains($0) }
        if !grant.requestedContexts.isEmpty { account.stepUp = StepUp(contexts: grant.requestedContexts, maxAge: nil) }
        return account
    }
}
