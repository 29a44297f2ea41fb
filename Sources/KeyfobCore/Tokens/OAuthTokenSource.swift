package import CredentialProtocol
package import KernelKeyring
package import OAuth
import SecretService
package import Secrets

/// Access tokens from an OAuth 2.0 authorization server: from memory, by refresh, by sign-in, in that order.
///
/// The deciding read happens under the account's lock, and a sign-in holds it: however many callers ask at once, there
/// is one refresh or one browser tab, and the others take its result. A grant is saved before its token is given.
package struct OAuthTokenSource: TokenSource {
    let grants: GrantStore
    let cache: any AccessTokenCache
    let lock: AccountLock
    let signIn: SignIn
    let transport: @Sendable (Account) -> any HTTPTransport
    let approve: @Sendable (Configuration.Host) throws -> Void
    let agree: @Sendable (Account, _ hosts: [String]) throws -> Void
    let interaction: InteractionPolicy
    let desktopPrompt: DesktopPrompt
    let gitDeclines: @Sendable (CredentialRequest) async -> Bool
    let now: @Sendable () -> Int64

    /// - Parameters:
    ///   - transport: how to reach an account's authorization server.
    ///   - approve: writes down what a person has agreed to by a sign-in.
    ///   - agree: writes down all hosts at which the account's server may have endpoints.
    ///   - interaction: whether a person may be asked.
    ///   - desktopPrompt: asks a person who is reached by their desktop alone whether to sign in.
    ///   - gitDeclines: whether git's settings decline that; asked for only before a person would be.
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
        self.cache = cache
        self.lock = lock
        self.signIn = signIn
        self.transport = transport
        self.approve = approve
        self.agree = agree
        self.interaction = interaction
        self.desktopPrompt = desktopPrompt
        self.gitDeclines = gitDeclines
        self.now = now
    }

    package func token(of account: Account, for request: CredentialRequest) async throws -> CachedAccessToken {
        // A cached token does not say what it is good for: whoever names scopes waits for a look at the grant.
        if request.scope.isEmpty, request.stepUp == nil, let token = freshToken(of: account, for: request) {
            return token
        }
        let mightAsk = interaction.mightAsk(for: request, by: account.flow)
        let decision = try await holdingLock(of: account, mayAsk: mightAsk) { held in
            switch try await tokenWithoutPerson(of: account, for: request, held) {
            case .token(let token):
                return Decision.token(token)
            case .personNeeded(.noGrant) where account.name == nil:
                if let named = try onlyNamedAccount(account) { return .another(named) }
                return .token(try await tokenOfPerson(account, request, because: .noGrant, held))
            case .personNeeded(let reason):
                return .token(try await tokenOfPerson(account, request, because: reason, held))
            }
        }
        switch decision {
        case .token(let token): return token
        case .another(let account): return try await self.token(of: account, for: request)
        }
    }

    /// What came of the look under the lock: a token, or the account that is meant, which has a lock of its own.
    private enum Decision {
        case token(CachedAccessToken)
        case another(Account)
    }

    private func tokenOfPerson(
        _ account: Account, _ request: CredentialRequest, because reason: CredentialFailure.SignInReason,
        _ held: AccountLock.Held
    ) async throws -> CachedAccessToken {
        let mayAsk = await interaction.mayAsk(
            for: request, by: account.flow, gitDeclines: { await gitDeclines(request) })
        guard mayAsk else { throw CredentialFailure.signInNeeded(service: account.service, because: reason) }
        var account = try withEarlierScopes(account)
        account.stepUp = request.stepUp ?? account.stepUp
        let calls = interaction.callsByDesktop(for: request)
        return try await signIn(to: account, held) {
            if calls { try await desktopPrompt.call(for: $0, because: reason) }
        }
    }

    /// The one account with a name that is signed in at the service of `account`, which has none; nil where there is
    /// none. Of several none is taken for another.
    private func onlyNamedAccount(_ account: Account) throws -> Account? {
        let names = try grants.all().filter { $0.service == account.service.description }.compactMap(\.accountName)
        guard let name = names.first else { return nil }
        guard names.count == 1 else {
            throw CredentialFailure.whichAccount(service: account.service, names: names.sorted())
        }
        var named = account
        named.name = name
        return named
    }

    /// The account, which asks again for what was asked for before: a sign-in replaces the grant, and shall not cost it
    /// a scope (the Model Context Protocol's step-up, the union of scopes).
    private func withEarlierScopes(_ account: Account) throws -> Account {
        guard let grant = try grants.grant(account: account.id) else { return account }
        var account = account
        let earlier = grant.requestedScopes.isEmpty ? grant.scopes : grant.requestedScopes
        account.scopes = earlier + account.scopes.filter { !earlier.contains($0) }
        if !grant.requestedContexts.isEmpty { account.stepUp = StepUp(contexts: grant.requestedContexts, maxAge: nil) }
        return account
    }

    private func tokenWithoutPerson(
        of account: Account, for request: CredentialRequest, _ held: AccountLock.Held
    ) async throws -> Renewal {
        if !request.scope.isEmpty, let grant = try grants.grant(account: account.id) {
            let missing = request.scope.filter { !grant.scopes.contains($0) }
            // What was asked for and not granted will not be granted a minute later.
            if !missing.isEmpty, missing.allSatisfy(grant.requestedScopes.contains), grant.endedAt == nil {
                throw CredentialFailure.scopesNotGranted(service: account.service, scopes: missing)
            }
            if !missing.isEmpty { return .personNeeded(.scopesMissing(missing)) }
        }
        if let wanted = request.stepUp, let grant = try grants.grant(account: account.id),
            !wanted.isMet(by: grant.requestedContexts, age: now() - grant.grantedAt)
        {
            return .personNeeded(.stepUp)
        }
        if let token = freshToken(of: account, for: request) { return .token(token) }
        return try await renewedToken(of: account, held)
    }

    /// Has the person sign in now, whatever there is already; the grant before is replaced once there is a new one.
    ///
    /// - Parameters:
    ///   - keepsScopes: whether to ask again for what was asked for before.
    ///   - registersAnew: whether keyfob registers again first, where it has registered itself.
    package func signInAnew(
        to account: Account, keepsScopes: Bool = false, registersAnew: Bool = false
    ) async throws -> CachedAccessToken {
        try await holdingLock(of: account, mayAsk: true) { held in
            try await signIn(
                to: keepsScopes ? try withEarlierScopes(account) : account, registersAnew: registersAnew, held)
        }
    }

    /// Refreshes now, whatever is in memory, and asks nobody: for who wants to know whether it works.
    package func refreshNow(_ account: Account) async throws -> CachedAccessToken {
        try await holdingLock(of: account, mayAsk: false) { held in
            switch try await renewedToken(of: account, held) {
            case .token(let token): return token
            case .personNeeded(let reason):
                throw CredentialFailure.signInNeeded(service: account.service, because: reason)
            }
        }
    }

    private func signIn(
        to account: Account, registersAnew: Bool = false, _ held: AccountLock.Held,
        calling: (Account) async throws -> Void = { _ in }
    ) async throws -> CachedAccessToken {
        try await held.askingPerson(isAnswer: Self.isAnswer) {
            try await calling(account)
            return try await signIn.run(account, registersAnew: registersAnew, transport: transport(account)) {
                try keep($0, for: account)
            }
        }
    }

    /// Whether a sign-in that failed with `error` was answered, by the person or by their absence. What failed for
    /// other reasons, those who wait may try themselves.
    private static func isAnswer(_ error: any Error) -> Bool {
        switch error {
        case CredentialFailure.signInRefused, CredentialFailure.unanswered, CredentialFailure.notNow,
            CredentialFailure.foreignHosts:
            true
        case let error as OAuthError: !error.isTransient
        default: false
        }
    }

    package func discard(_ refused: Secret?, of account: Account) async throws -> Bool {
        let cached = cache.token(account: account.id)
        if let refused, let cached, cached.token != refused { return false }
        cache.remove(account: account.id)
        guard let grant = try grants.grant(account: account.id), let token = grant.accessToken else {
            return refused != nil && cached != nil
        }
        // The access token is all there is: refused, it is worth nothing.
        guard refused == nil || token == refused else { return cached != nil }
        try grants.remove(grant)
        return true
    }

    private func freshToken(of account: Account, for request: CredentialRequest) -> CachedAccessToken? {
        guard let token = cache.token(account: account.id) else { return nil }
        let isFresh = request.minTTL.map { token.hasLife(Int64($0), at: now()) } ?? token.isFresh(at: now())
        return isFresh ? token : nil
    }

    private func holdingLock<Result>(
        of account: Account, mayAsk: Bool, _ body: (AccountLock.Held) async throws -> Result
    ) async throws -> Result {
        let network = Duration.seconds(45)  // a refresh may take the transport's 30 s, after a wait of up to 10
        // A person who is called by their desktop has as long to come as they then have to sign in.
        let person = interaction.reachesDesktopAlone() ? account.loginDeadline * 2 : account.loginDeadline
        do {
            return try await lock.hold(
                account.id, patience: mayAsk ? person + network : network, waitsForPerson: mayAsk, body)
        } catch AccountLock.Failure.timedOut(let seconds) {
            throw CredentialFailure.busy(service: account.service, seconds: seconds)
        } catch AccountLock.Failure.personIsAsked {
            throw CredentialFailure.signInNeeded(service: account.service, because: .noGrant)
        } catch AccountLock.Failure.personDeclined {
            throw CredentialFailure.signInRefused(service: account.service)
        }
    }
}

// MARK: - Refresh

extension OAuthTokenSource {
    fileprivate enum Renewal {
        case token(CachedAccessToken)
        case personNeeded(CredentialFailure.SignInReason)
    }

    /// A token without a person, if there is a grant that gives one.
    private func renewedToken(of account: Account, _ held: AccountLock.Held) async throws -> Renewal {
        let found: Grant?
        do {
            found = try grants.settledGrant(account: account.id)
        } catch {
            if let token = livingToken(of: account) { return .token(token) }
            throw error
        }
        guard let grant = found else { return .personNeeded(.noGrant) }
        if let token = grant.accessToken {
            return .token(remember(token, lifetime: nil, refreshable: false, of: account))
        }
        guard let refreshToken = grant.refreshToken else {
            return .personNeeded(grant.endedAt == nil ? .noRefreshToken : .grantEnded)
        }
        do {
            return .token(try await refresh(grant, refreshToken, of: account, held))
        } catch OAuthError.refused(_, _, error: "invalid_grant", let description) {
            return try await afterInvalidGrant(grant, description, of: account, held)
        } catch let error as OAuthError where error.refusesClient {
            return try await afterRefusedClient(grant, error, of: account)
        } catch let error as OAuthError where error.isTransient {
            if let token = livingToken(of: account) { return .token(token) }
            throw error
        }
    }

    /// The token in memory if it still has some life. No answer is no verdict: then it is better than none.
    private func livingToken(of account: Account) -> CachedAccessToken? {
        cache.token(account: account.id).flatMap { $0.hasLife(1, at: now()) ? $0 : nil }
    }

    /// Only a registration of ours is forgotten, and only for `invalid_client`: a client of the person's they have to mend.
    private func afterRefusedClient(
        _ grant: Grant, _ error: OAuthError, of account: Account
    ) async throws -> Renewal {
        let issuer = grant.issuer ?? account.server.identifier
        guard account.client == nil, try !signIn.clients.isByPerson(grant.client, issuer: issuer) else {
            throw CredentialFailure.clientRefused(service: account.service, id: grant.client.id, by: error)
        }
        guard case .refused(_, _, error: "invalid_client", _) = error else { throw error }
        try end(grant)
        try await signIn.clients.forget(
            grant.client, issuer: issuer, needed: { try grants.all() }, transport: transport(account))
        return .personNeeded(.clientForgotten)
    }

    /// Only `invalid_grant` ends a refresh token, and only if the stored one is the one that was sent.
    private func afterInvalidGrant(
        _ sent: Grant, _ description: String?, of account: Account, _ held: AccountLock.Held
    ) async throws -> Renewal {
        if let newer = try grants.grant(account: account.id)?.refreshToken, newer != sent.refreshToken {
            return try await renewedToken(of: account, held)
        }
        try end(sent)
        return .personNeeded(held.answerIsLost ? .answerLost : .grantRefused(description: description))
    }

    /// Forgets the tokens of a grant that the server takes no more. What is left is the memory of the account.
    private func end(_ grant: Grant) throws {
        var ended = grant
        ended.refreshToken = nil
        ended.endedAt = now()
        try grants.save(ended)
        cache.remove(account: grant.account)
    }

    /// Spends `refreshToken`. A rotated token that cannot be kept would be lost; but that `grant` could be read a moment
    /// ago, under the lock, is proof enough that its collection is there and unlocked.
    private func refresh(
        _ grant: Grant, _ refreshToken: Secret, of account: Account, _ held: AccountLock.Held
    ) async throws -> CachedAccessToken {
        // The grant's client, to which it is bound; but where a person changes its secret, theirs is the newer one.
        let client =
            account.client.flatMap { $0.id.isSame(as: grant.client.id) && $0.secret != nil ? $0 : nil } ?? grant.client
        let endpoint = TokenEndpoint(
            url: try EndpointURL(grant.tokenEndpoint), client: client, transport: transport(account))
        let response = try await Self.answer(held) { () throws(OAuthError) in
            try await endpoint.refresh(refreshToken, resource: grant.resource)
        }
        var renewed = grant
        renewed.refreshToken = response.refreshToken ?? refreshToken
        renewed.scopes = response.scope ?? grant.scopes
        if renewed != grant { try save(renewed, for: account) }
        held.answerIsKept()
        return remember(response.accessToken, lifetime: response.expiresIn, refreshable: true, of: account)
    }
}

extension OAuthTokenSource {
    /// The answer to a refresh, for which the server is asked again at once where it was lost on the way: servers that
    /// replace refresh tokens take the one before for a while, for this very case.
    private static func answer(
        _ held: AccountLock.Held, _ refresh: () async throws(OAuthError) -> TokenResponse
    ) async throws(OAuthError) -> TokenResponse {
        func isLost(_ error: OAuthError) -> Bool {
            switch error {
            case .answerLost, .timedOut: true
            default: false
            }
        }
        do {
            return try await held.refreshing(isLost: isLost, refresh)
        } catch {
            guard case .answerLost = error else { throw error }
        }
        return try await held.refreshing(isLost: isLost, refresh)
    }
}

// MARK: - Keeping

extension OAuthTokenSource {
    /// Keeps what a sign-in gave: first by what the account is found again, then the grant, then the token. Cut short, it
    /// leaves no grant that nobody finds; and an account that cannot be written down does not cost the sign-in.
    private func keep(_ result: SignIn.Result, for account: Account) throws -> CachedAccessToken {
        let response = result.response
        let approval = Result {
            try account.approval.map(approve)
            // A host that the person has agreed to is written down with what they agreed to before.
            if result.agreedHosts != account.endpointHosts { try agree(account, result.agreedHosts) }
        }
        try save(result.grant, for: account)
        let token = remember(
            response.accessToken, lifetime: response.expiresIn, refreshable: response.refreshToken != nil, of: account)
        _ = try approval.get()
        signIn.screen.signedIn(account, result.grant, token)
        return token
    }

    private func save(_ grant: Grant, for account: Account) throws {
        do {
            try grants.save(grant)
        } catch is SecretServiceError {
            throw CredentialFailure.grantNotSaved(service: account.service)
        }
    }

    /// Puts an access token into memory.
    ///
    /// - Parameter lifetime: in seconds; nil where the server did not say. Then a token that can be refreshed is taken
    ///   to last five minutes, and one that cannot is looked at again in a day.
    private func remember(
        _ token: Secret, lifetime: Int?, refreshable: Bool, of account: Account
    ) -> CachedAccessToken {
        let now = now()
        let life = lifetime.map(Int64.init)
        let margin = life.map { max(min(refreshable ? account.minTTL : 60, $0 / 2), 1) } ?? 0
        let cached = CachedAccessToken(
            token: token, username: account.username, expiresAt: life.map { now + $0 }, lifetime: life,
            // At the end of its freshness it still has the margin: the last second in which it is enough.
            freshUntil: now + (life.map { $0 - margin + 1 } ?? (refreshable ? 300 : 86_400)))
        _ = cache.keep(cached, account: account.id, at: now)
        return cached
    }
}
