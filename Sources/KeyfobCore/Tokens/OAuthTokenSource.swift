import Addresses
package import CredentialProtocol
package import KernelKeyring
package import OAuth
import SecretService
import Secrets

/// Access tokens from an OAuth 2.0 authorization server: from the cache, by a refresh, by a sign-in, in this order.
///
/// The deciding read happens under the account's lock, and a sign-in keeps the lock. So however many callers ask at once,
/// there is one refresh or one browser tab, and the others use its result. A grant is stored before its token is given out.
package struct OAuthTokenSource: TokenSource {
    let grants: GrantStore
    let tokens: CachedTokens
    let lock: AccountLock
    let signIn: SignIn
    let transport: @Sendable (Account) -> any HTTPTransport
    let approve: @Sendable (Configuration.Host) throws -> Void
    let agree: @Sendable (Account, _ hosts: [String]) throws -> Void
    let interaction: InteractionPolicy
    let desktopPrompt: DesktopPrompt
    let gitDeclines: @Sendable (CredentialRequest) async -> Bool

    /// - Parameters:
    ///   - transport: how to reach an account's authorization server.
    ///   - approve: stores what the user has approved by a sign-in.
    ///   - agree: stores all hosts at which the account's server may have endpoints.
    ///   - interaction: whether the user may be asked.
    ///   - desktopPrompt: asks a user whom only the desktop can reach whether to sign in.
    ///   - gitDeclines: whether git's settings forbid to ask the user; called only before the user would be asked.
    ///   - now: seconds since 1970-01-01 UTC.
    package init(
        grants: GrantStore, cache: some AccessTokenCache, lock: AccountLock, signIn: SignIn,
        transport: @escaping @Sendable (Account) -> any HTTPTransport,
        approve: @escaping @Sendable (Configuration.Host) throws -> Void = { _ in },
        agree: @escaping @Sendable (Account, _ hosts: [String]) throws -> Void = { _, _ in },
        interaction: InteractionPolicy, desktopPrompt: DesktopPrompt = .none,
        gitDeclines: @escaping @Sendable (CredentialRequest) async -> Bool, now: @escaping @Sendable () -> Int64
    ) {
        self.grants = grants
        self.tokens = CachedTokens(cache: cache, now: now)
        self.lock = lock
        self.signIn = signIn
        self.transport = transport
        self.approve = approve
        self.agree = agree
        self.interaction = interaction
        self.desktopPrompt = desktopPrompt
        self.gitDeclines = gitDeclines
    }

    var refresh: GrantRefresh {
        GrantRefresh(grants: grants, tokens: tokens, clients: signIn.clients, transport: transport)
    }

    package func token(of account: Account, for request: CredentialRequest) async throws -> CachedAccessToken {
        do {
            return try await token(of: grants.refused(by: request, like: account), for: request, isLogin: false)
        } catch CredentialFailure.holderFailed(let service, let name) {
            if !request.isAboutGrant, let token = tokens.living(account, for: request) { return token }
            throw CredentialFailure.holderFailed(service: service, account: name)
        }
    }

    /// The same for a user who has asked to sign in: if the server answers a refresh in any other way than with a token,
    /// the user signs in now, and also if the sign-ins are those of other users.
    func tokenOrSignIn(_ account: Account, for request: CredentialRequest) async throws -> CachedAccessToken {
        try await token(of: account, for: request, isLogin: true)
    }

    func token(
        of account: Account, for request: CredentialRequest, isLogin: Bool
    ) async throws -> CachedAccessToken {
        if !request.onlyScopes.isEmpty { return try await narrowedToken(of: account, for: request, isLogin) }
        if !request.isAboutGrant, let token = tokens.fresh(account, for: request) { return token }
        let mightAsk = interaction.mightAsk(for: request, by: account.flow)
        let decision = try await holdingLock(
            of: account, mayAsk: mightAsk, sharesFailure: !isLogin
        ) { held in
            let outcome: GrantRefresh.Outcome
            do {
                outcome = try await tokenWithoutUser(of: account, for: request, held)
            } catch CredentialFailure.refreshFailed(_, _, let error) where isLogin {
                outcome = .signInNeeded(.refreshRefused(by: error), after: try grants.grant(account: account.id))
            }
            switch outcome {
            case .token(let token):
                return Decision.token(token)
            case .signInNeeded(.noGrant, _):
                switch try grants.meaning(of: account) {
                case .account(let meant): return .another(meant)
                // A name that a caller gives chooses one of the sign-ins, and makes none.
                case .nobody(let reason) where reason.isOtherUser && account.nameSource != .configuration && !isLogin:
                    throw CredentialFailure.needsSignIn(account, because: reason)
                case .nobody(let reason):
                    return .token(try await tokenOfUser(account, request, because: reason, after: nil, held))
                }
            // Otherwise callers would open a browser for each access token until the user changes the setting.
            case .signInNeeded(.resourceRefused(let resource), _) where !isLogin:
                throw CredentialFailure.needsSignIn(account, because: .resourceRefused(resource))
            case .signInNeeded(let reason, let grant):
                return .token(try await tokenOfUser(account, request, because: reason, after: grant, held))
            }
        }
        switch decision {
        case .token(let token): return token
        case .another(let account):
            return try await token(of: account, for: request, isLogin: isLogin)
        }
    }

    /// The result under the lock: a token, or the account that the request means. That account has a lock of its own.
    private enum Decision {
        case token(CachedAccessToken)
        case another(Account)
    }

    /// Reads the grant once, unless the cache has the answer.
    private func tokenWithoutUser(
        of account: Account, for request: CredentialRequest, _ held: AccountLock.Held
    ) async throws -> GrantRefresh.Outcome {
        if let refused = tokens.refused(account, by: request) { _ = try discard(refused, ofExactly: account) }
        // The caller that had the lock before may have refreshed.
        if !request.isAboutGrant, let token = tokens.fresh(account, for: request) { return .token(token) }
        let stored = settledGrant(of: account)
        if request.isAboutGrant {
            if let grant = try stored.get(), let reason = try shortcoming(of: grant, for: request, account) {
                return .signInNeeded(reason, after: grant)
            }
            if let token = tokens.fresh(account, for: request) { return .token(token) }
        }
        return try await refresh.token(of: account, from: stored, held)
    }

    func settledGrant(of account: Account) -> Result<Grant?, SecretServiceError> {
        Result { () throws(SecretServiceError) in try grants.settledGrant(account: account.id) }
    }

    /// Why a grant is not enough for a request; nil if it is.
    ///
    /// - Throws: ``CredentialFailure/scopesNotGranted(service:scopes:)`` if another sign-in would not help.
    private func shortcoming(
        of grant: Grant, for request: CredentialRequest, _ account: Account
    ) throws -> CredentialFailure.SignInReason? {
        let missing = request.scope.filter { !grant.scopes.contains($0) }
        if !missing.isEmpty {
            guard missing.allSatisfy(grant.requestedScopes.contains), grant.endedAt == nil
            else { return .scopesMissing(missing) }
            // The server did not grant the requested scopes, so another sign-in would not help. But if it granted scopes
            // that were not requested, they may be the same under other names.
            let others = grant.scopes.filter { !grant.requestedScopes.contains($0) }
            guard !others.isEmpty else {
                throw CredentialFailure.scopesNotGranted(service: account.service, scopes: missing)
            }
            signIn.screen.grantedOtherScopes(account, missing, others)
        }
        guard let wanted = request.stepUp else { return nil }
        return wanted.isMet(by: grant.requestedContexts, age: tokens.now() - grant.grantedAt) ? nil : .stepUp
    }

    private func tokenOfUser(
        _ account: Account, _ request: CredentialRequest, because reason: CredentialFailure.SignInReason,
        after grant: Grant?, _ held: AccountLock.Held
    ) async throws -> CachedAccessToken {
        let mayAsk = await interaction.mayAsk(
            for: request, by: account.flow, gitDeclines: { await gitDeclines(request) })
        guard mayAsk else { throw CredentialFailure.needsSignIn(account, because: reason) }
        var account = account.asking(likeBefore: grant)
        account.stepUp = request.stepUp ?? account.stepUp
        let calls = interaction.callsByDesktop(for: request)
        return try await signIn(to: account, registersAnew: reason == .clientForgotten, held) {
            if calls { try await desktopPrompt.call(for: $0, because: reason) }
        }
    }
}

extension CredentialRequest {
    /// Whether only the grant can tell if a token is good enough. A cached token says neither its scopes nor how the user
    /// signed in.
    fileprivate var isAboutGrant: Bool { !scope.isEmpty || stepUp != nil }
}

extension CredentialFailure.SignInReason {
    fileprivate var isOtherUser: Bool { if case .otherUser = self { true } else { false } }
}
