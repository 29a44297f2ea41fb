import CredentialProtocol
package import KernelKeyring
package import OAuth
import Secrets

/// One sign-in: finds the authorization server, has the person say yes in their own browser, and makes a grant of it.
package struct SignIn: Sendable {
    let grants: GrantStore
    let clients: ClientSource
    let lock: AccountLock
    let screen: Screen
    let place: Place
    let now: @Sendable () -> Int64

    /// - Parameters:
    ///   - place: where the person sits.
    ///   - now: seconds since 1970-01-01 UTC.
    package init(
        grants: GrantStore, clients: ClientSource, lock: AccountLock, screen: Screen, place: Place,
        now: @escaping @Sendable () -> Int64
    ) {
        self.grants = grants
        self.clients = clients
        self.lock = lock
        self.screen = screen
        self.place = place
        self.now = now
    }

    /// What the person sees: one function for each way to sign in. Each runs until the sign-in ends, which cancels it.
    package struct Screen: Sendable {
        /// Tells where to go, opens the browser there if we listen for it, and takes what the person pastes.
        package var browser: @Sendable (Account, PendingLogin) async throws -> Void
        /// Shows the code, and where to type it.
        package var device: @Sendable (Account, PendingDeviceLogin) async throws -> Void
        /// Asks, after a sign-in in vain, whether keyfob shall register again at that server and the person try again.
        package var asksToRegister: @Sendable (Account, _ server: String) async throws -> Bool
        /// Asks whether other hosts than the issuer's own may take part in the sign-in; everything but a yes is a no.
        package var agreesToHosts: @Sendable (Account, _ issuer: String, OtherHosts) async throws -> Bool
        /// Says who is signed in now, once that is kept.
        package var signedIn: @Sendable (Account, Grant, CachedAccessToken) -> Void

        package init(
            browser: @escaping @Sendable (Account, PendingLogin) async throws -> Void,
            device: @escaping @Sendable (Account, PendingDeviceLogin) async throws -> Void,
            asksToRegister: @escaping @Sendable (Account, _ server: String) async throws -> Bool = { _, _ in false },
            agreesToHosts: @escaping @Sendable (Account, _ issuer: String, OtherHosts) async throws -> Bool = {
                _, _, _ in false
            },
            signedIn: @escaping @Sendable (Account, Grant, CachedAccessToken) -> Void = { _, _, _ in }
        ) {
            self.browser = browser
            self.device = device
            self.asksToRegister = asksToRegister
            self.agreesToHosts = agreesToHosts
            self.signedIn = signedIn
        }
    }

    /// Where the person sits.
    package struct Place: Sendable {
        /// Whether a browser can be opened on this machine.
        package var hasBrowser: Bool
        /// Whether they came over ssh, so that a browser of theirs can be led here (`ssh -L`).
        package var isRemote: Bool

        package init(hasBrowser: Bool, isRemote: Bool) {
            self.hasBrowser = hasBrowser
            self.isRemote = isRemote
        }
    }

    /// What a sign-in gives.
    package struct Result: Sendable {
        package var grant: Grant
        package var response: TokenResponse
        /// Hosts beside the issuer's own to which the person has agreed in this sign-in (``Account/endpointHosts``).
        package var agreedHosts: [String]
    }

    /// Runs the account's flow, or the one that fits the place, and hands the result to `keep`. The keyring is probed
    /// first, so that nobody signs in for a grant that cannot be kept.
    ///
    /// - Parameters:
    ///   - registersAnew: makes another registration in place of the one that keyfob made before.
    ///   - keep: keeps the result; registrations that no grant needs any more go after it.
    func run<Value>(
        _ account: Account, registersAnew: Bool = false, transport: any HTTPTransport,
        keep: (Result) async throws -> Value
    ) async throws -> Value {
        try grants.probeWritable()
        let found = try await metadata(of: account, transport: transport)
        let pages = [found.authorizationEndpoint]
        let account = try await agreeing(
            account, pages: pages, others: found.endpoints.filter { !pages.contains($0) }, found
        )
        .withOfflineAccess(at: found)
        let metadata = found.completed(by: account.server)
        do {
            return try await alone(at: metadata.issuer ?? account.server.identifier, account) {
                let result =
                    registersAnew
                    ? try await runRegisteredAnew(account, metadata, transport)
                    : try await run(account, metadata, transport)
                let value = try await keep(result)
                try? await clients.retire(
                    allBut: result.grant.client, issuer: metadata.issuer ?? account.server.identifier,
                    needed: { try grants.all() }, transport: transport)
                return value
            }
        } catch OAuthError.refused(_, _, let error, _) where Self.refusals.contains(error) {
            throw CredentialFailure.signInRefused(service: account.service)
        }
    }

    /// The account, with the person's yes to every host that is not the issuer's own.
    ///
    /// - Parameters:
    ///   - pages: where the person would sign in, or type a code.
    ///   - others: where keyfob would send codes and secrets.
    /// - Throws: ``CredentialFailure/foreignHosts(service:account:issuer:hosts:)`` without a yes.
    private func agreeing(
        _ account: Account, pages: [EndpointURL], others: [EndpointURL] = [], _ metadata: AuthorizationServerMetadata
    ) async throws -> Account {
        let issuer = metadata.issuer ?? account.server.identifier
        let allowed = try EndpointHosts(of: account, issuer: metadata.issuer)
        let hosts = OtherHosts(pages: allowed.foreign(among: pages), receivers: allowed.foreign(among: others))
        guard !hosts.all.isEmpty else { return account }
        guard try await screen.agreesToHosts(account, issuer, hosts) else {
            throw CredentialFailure.foreignHosts(
                service: account.service, account: account.name, issuer: issuer, hosts: hosts)
        }
        var agreed = account
        agreed.endpointHosts += hosts.all
        return agreed
    }

    /// One login at a time at an issuer: they share a registration, which is made once, and the port of its redirect URI.
    private func alone<Value>(
        at issuer: String, _ account: Account, _ body: () async throws -> Value
    ) async throws -> Value {
        do {
            return try await lock.hold(
                Account.digest(["login", issuer]), patience: account.loginDeadline, waitsForPerson: true
            ) { _ in try await body() }
        } catch AccountLock.Failure.timedOut(let seconds) {
            throw CredentialFailure.busy(service: account.service, seconds: seconds)
        }
    }

    /// What a server answers when the person said no: some without the `iss` that they announced.
    private static let refusals = ["access_denied", OAuthError.unverifiedRefusal]

    /// One attempt, and a second one where the server's first answer says what was wrong with it.
    ///
    /// A server that does not know its client says so on a page of its own, and the browser never comes back (RFC 6749
    /// section 4.1.2.1); so after a sign-in in vain with an older registration a person may want another one.
    private func run(
        _ account: Account, _ metadata: AuthorizationServerMetadata, _ transport: any HTTPTransport
    ) async throws -> Result {
        let flow = flow(for: account, at: metadata)
        let identity = try await clients.identity(
            for: account, at: metadata, isForDevice: flow == .device, transport: transport)
        do {
            return try await attempt(account, metadata, identity, flow, transport)
        } catch let error as OAuthError {
            // Who gives a code for another device knows the client that asks for it.
            if identity.isOlder, flow != .device, error.isUnanswered {
                let server = metadata.authorizationEndpoint.host
                guard error != .cancelled, try await screen.asksToRegister(account, server) else {
                    throw CredentialFailure.unanswered(service: account.service, after: error)
                }
                return try await runRegisteredAnew(account, metadata, transport)
            }
            guard let mend = try await mended(account, metadata, identity, after: error, transport) else {
                guard error.refusesClient, !identity.isRegisteredByUs else { throw error }
                throw CredentialFailure.clientRefused(service: account.service, id: identity.client.id, by: error)
            }
            let identity = try await clients.identity(
                for: mend.account, at: metadata, isForDevice: flow == .device, anew: mend.registersAnew,
                transport: transport)
            do {
                return try await attempt(mend.account, metadata, identity, flow, transport)
            } catch {
                if mend.registersAnew { await forget(identity, metadata, account, transport) }
                throw error
            }
        }
    }

    /// One attempt with a new registration, beside those that other sign-ins need.
    private func runRegisteredAnew(
        _ account: Account, _ metadata: AuthorizationServerMetadata, _ transport: any HTTPTransport
    ) async throws -> Result {
        let flow = flow(for: account, at: metadata)
        let identity = try await clients.identity(
            for: account, at: metadata, isForDevice: flow == .device, anew: true, transport: transport)
        guard identity.isRegisteredByUs else {
            throw CredentialFailure.clientIsConfigured(service: account.service, id: identity.client.id)
        }
        do {
            return try await attempt(account, metadata, identity, flow, transport)
        } catch {
            await forget(identity, metadata, account, transport)
            throw error
        }
    }

    /// Forgets a registration that was made for an attempt in vain.
    private func forget(
        _ identity: ClientSource.Identity, _ metadata: AuthorizationServerMetadata, _ account: Account,
        _ transport: any HTTPTransport
    ) async {
        try? await clients.forget(
            identity.client, issuer: metadata.issuer ?? account.server.identifier, needed: { try grants.all() },
            transport: transport)
    }

    /// What the second attempt after `error` changes; nil if nothing can be mended.
    ///
    /// A server that does not know the client that it had registered, or holds it to what it registered it for, gets a new
    /// registration (RFC 6749 section 5.2); so does one whose redirect port another program has taken. Only a client that
    /// the server does not know is forgotten: other sign-ins may need the registration before. A scope that only keyfob
    /// added is left out.
    private func mended(
        _ account: Account, _ metadata: AuthorizationServerMetadata, _ identity: ClientSource.Identity,
        after error: OAuthError, _ transport: any HTTPTransport
    ) async throws -> Mend? {
        switch error {
        case .refused(_, _, "invalid_scope", _):
            if let less = account.withoutOfflineAccess { return Mend(account: less, registersAnew: false) }
        case .refused(_, _, "invalid_client", _) where identity.isRegisteredByUs:
            try await clients.forget(
                identity.client, issuer: metadata.issuer ?? account.server.identifier, needed: { try grants.all() },
                transport: transport)
        case .refused(_, _, "unauthorized_client", _), .refused(_, _, "invalid_redirect_uri", _), .listenerFailed: break
        default: return nil
        }
        return identity.isRegisteredByUs ? Mend(account: account, registersAnew: true) : nil
    }

    private struct Mend {
        var account: Account
        var registersAnew: Bool
    }

    private func attempt(
        _ account: Account, _ metadata: AuthorizationServerMetadata, _ identity: ClientSource.Identity,
        _ flow: Account.Flow, _ transport: any HTTPTransport
    ) async throws -> Result {
        let parameters = AuthorizationParameters(
            metadata: metadata, client: identity.client, scopes: account.scopes, resource: account.indicator(.resource),
            audience: account.indicator(.audience), loginHint: account.name, service: account.service.description,
            contexts: account.stepUp?.contexts ?? [], maxAge: account.stepUp?.maxAge,
            redirect: identity.redirect, pkce: account.pkce, deadline: account.loginDeadline)
        let response: TokenResponse
        var account = account
        switch flow {
        case .loopback, .paste:
            response = try await AuthorizationCodeFlow(
                parameters, listens: flow == .loopback, transport: transport
            ).run { [account] in try await screen.browser(account, $0) }
        case .device:
            response = try await DeviceFlow(parameters, transport: transport).run { pending in
                account = try await agreeing(account, pages: [pending.address], metadata)
                let complete = pending.completeAddress.map { [$0] } ?? []
                // The person can do without it.
                if try !EndpointHosts(of: account, issuer: metadata.issuer).foreign(among: complete).isEmpty {
                    pending.completeAddress = nil
                }
            } present: { [account] in
                try await screen.device(account, $0)
            }
        }
        let label = try await label(of: account, response, identity.client, metadata, transport)
        return Result(
            grant: grant(of: account, from: response, identity.client, metadata, label), response: response,
            agreedHosts: account.endpointHosts)
    }

    /// The way to sign in where nobody chose one: a browser of this machine; else, where they sit at this machine, another
    /// device (RFC 8628, which is not begun unasked where a browser can be had); else a browser elsewhere, and the
    /// terminal.
    private func flow(for account: Account, at metadata: AuthorizationServerMetadata) -> Account.Flow {
        if let flow = account.flow { return flow }
        let offersDevice = metadata.deviceAuthorizationEndpoint != nil
        return !place.hasBrowser && !place.isRemote && offersDevice ? .device : .loopback
    }

    /// What the id_token calls the person; nil where there is none. It names the account, and decides nothing else, but
    /// for this: somebody else than the account that was asked for is not signed in.
    private func label(
        of account: Account, _ response: TokenResponse, _ client: Client, _ metadata: AuthorizationServerMetadata,
        _ transport: any HTTPTransport
    ) async throws -> String? {
        guard let token = response.idToken, let issuer = metadata.issuer else { return nil }
        let claims: IDTokenClaims
        do {
            claims = try IDToken.claims(
                of: token, for: client, from: issuer, accessToken: response.accessToken, nonce: response.nonce,
                now: now())
        } catch {
            // A name that cannot be checked is no name. Only who asked for one has to have it.
            if account.name == nil { return nil }
            throw error
        }
        let names = claims.names + [claims.subject]
        if let asked = account.name, !names.map(\.asciiLowercased).holdsSame(as: asked.asciiLowercased) {
            await giveBack(response, client, metadata, transport)
            throw CredentialFailure.anotherAccount(asked: asked, given: names[0])
        }
        return claims.names.first
    }

    /// Revokes tokens that nobody will use.
    private func giveBack(
        _ response: TokenResponse, _ client: Client, _ metadata: AuthorizationServerMetadata,
        _ transport: any HTTPTransport
    ) async {
        guard let url = metadata.revocationEndpoint else { return }
        let endpoint = RevocationEndpoint(url: url, client: client, transport: transport)
        if let token = response.refreshToken { try? await endpoint.revoke(token, hint: .refreshToken) }
        try? await endpoint.revoke(response.accessToken, hint: .accessToken)
    }

    /// The metadata as the server, or a person, wrote them.
    private func metadata(
        of account: Account, transport: any HTTPTransport
    ) async throws -> AuthorizationServerMetadata {
        switch account.server {
        case .issuer(let issuer, _, _):
            return try await Discovery(transport: transport).metadata(issuer: issuer)
        case .endpoints(let metadata):
            return metadata
        }
    }

    private func grant(
        of account: Account, from response: TokenResponse, _ client: Client, _ metadata: AuthorizationServerMetadata,
        _ label: String?
    ) -> Grant {
        let isItselfTheGrant = response.refreshToken == nil && response.expiresIn == nil
        return Grant(
            account: account.id, service: account.service.description, accountName: account.name,
            issuer: metadata.issuer, tokenEndpoint: metadata.tokenEndpoint.string,
            revocationEndpoint: metadata.revocationEndpoint?.string, client: client,
            scopes: response.scope ?? account.scopes, requestedScopes: account.scopes,
            requestedContexts: account.stepUp?.contexts ?? [], resource: account.indicator(.resource),
            label: label, refreshToken: response.refreshToken,
            accessToken: isItselfTheGrant ? response.accessToken : nil, grantedAt: now())
    }
}

extension OAuthError {
    /// Whether nobody came back from the server, or gave up.
    fileprivate var isUnanswered: Bool {
        switch self {
        case .authorizationTimedOut, .cancelled: true
        default: false
        }
    }
}

extension AuthorizationServerMetadata {
    /// The same with the endpoints that a person has written down for `server`.
    fileprivate func completed(by server: Account.ServerLocation) -> AuthorizationServerMetadata {
        guard case .issuer(_, let device, let revocation) = server else { return self }
        var metadata = self
        metadata.deviceAuthorizationEndpoint = device ?? deviceAuthorizationEndpoint
        metadata.revocationEndpoint = revocation ?? revocationEndpoint
        return metadata
    }
}

extension Account {
    /// The resource, where it is told by that parameter.
    fileprivate func indicator(_ parameter: Configuration.ResourceParameter) -> String? {
        resourceParameter == parameter ? resource : nil
    }

    /// The scope that asks for a refresh token (OpenID Connect Core section 11).
    private static let offlineAccess = "offline_access"

    /// This account, which asks for `offline_access` too where it may and the server knows it.
    fileprivate func withOfflineAccess(at metadata: AuthorizationServerMetadata) -> Account {
        guard addsOfflineAccess, !scopes.contains(Self.offlineAccess),
            metadata.scopesSupported?.contains(Self.offlineAccess) == true
        else { return self }
        var account = self
        account.scopes.append(Self.offlineAccess)
        return account
    }

    /// The same without it; nil where it was not we who added it.
    fileprivate var withoutOfflineAccess: Account? {
        guard addsOfflineAccess, scopes.contains(Self.offlineAccess) else { return nil }
        var account = self
        account.scopes.removeAll { $0 == Self.offlineAccess }
        return account
    }
}
