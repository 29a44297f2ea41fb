import Addresses
import CredentialProtocol
package import OAuth
import Processes
import Secrets

/// One sign-in: finds the authorization server, sends the user there in their own browser, and gets a grant.
package struct SignIn: Sendable {
    let grants: GrantStore
    let clients: ClientSource
    let lock: AccountLock
    let screen: Screen
    let place: Place
    let now: @Sendable () -> Int64
    let note: @Sendable (DiscoveryRemark) -> Void

    /// - Parameters:
    ///   - place: where the user sits.
    ///   - now: seconds since 1970-01-01 UTC.
    ///   - note: receives what discovery ignores.
    package init(
        grants: GrantStore, clients: ClientSource, lock: AccountLock, screen: Screen, place: Place,
        now: @escaping @Sendable () -> Int64, note: @escaping @Sendable (DiscoveryRemark) -> Void = { _ in }
    ) {
        self.grants = grants
        self.clients = clients
        self.lock = lock
        self.screen = screen
        self.place = place
        self.now = now
        self.note = note
    }

    /// The result of a sign-in.
    package struct Result: Sendable {
        package var grant: Grant
        package var response: TokenResponse
        /// Hosts other than the issuer's own to which the user has agreed so far (``Account/endpointHosts``).
        package var agreedHosts: [String]
    }

    /// Runs the account's flow, or the one that fits the place, and gives the result to `keep`. The keyring is tested first,
    /// so that the user does not sign in for a grant that cannot be stored.
    ///
    /// - Parameters:
    ///   - registersAnew: makes another registration in place of the one that keyfob made before.
    ///   - keep: stores the result. After it, registrations that no grant needs are deleted.
    /// - Throws: ``CredentialFailure``, `OAuthError`, and what `keep` throws.
    func run<Value>(
        _ account: Account, registersAnew: Bool = false, transport: any HTTPTransport,
        keep: (Result) async throws -> Value
    ) async throws -> Value {
        try grants.probeWritable(account: account.id)
        let found = try await account.serverMetadata(over: transport, note: note)
        let pages = [found.authorizationEndpoint]
        let others = found.endpoints.filter { !pages.contains($0) }
        let account = try await screen.agreement(of: account, pages: pages, others: others, at: found)
            .withOfflineAccess(at: found)
        let metadata = found.completed(by: account.server)
        let issuer = metadata.issuer ?? account.server.identifier
        do {
            return try await alone(at: issuer, account) {
                let span = HeldSignals.Span()
                defer { span.end() }
                let holding = HoldingTransport(
                    transport: transport, tokenEndpoint: metadata.tokenEndpoint, span: span)
                let first = try await prepare(account, at: metadata, anew: registersAnew, holding)
                let result = try await runTwice(first)
                let value = try await keep(result)
                try? clients.remember(result.grant.client, issuer: issuer)
                try? await clients.retire(
                    allBut: result.grant.client, issuer: issuer, needed: { try grants.all() }, transport: transport)
                return value
            }
        } catch OAuthError.refused(_, _, let error, let description) where Self.refusals.contains(error) {
            throw CredentialFailure.signInRefused(
                service: account.service, by: error.isSame(as: "access_denied") ? description : nil)
        } catch OAuthError.codeSpent(let error) {
            throw CredentialFailure.codeSpent(service: account.service, account: account.name, by: error)
        }
    }

    /// The server's answers to a user's no. Some servers leave out the `iss` that they announced.
    private static let refusals = ["access_denied", OAuthError.unverifiedRefusal]

    /// Runs one sign-in at a time at an issuer: sign-ins share the registration, which is made once, and the port of its
    /// redirect URI.
    private func alone<Value>(
        at issuer: String, _ account: Account, _ body: () async throws -> Value
    ) async throws -> Value {
        do {
            return try await lock.hold(
                Account.digest(["login", issuer]), patience: account.loginDeadline, waitsForPerson: true
            ) { _ in try await body() }
        } catch AccountLock.Failure.timedOut(let seconds, let holder) {
            throw CredentialFailure.busy(service: account.service, seconds: seconds, holder: holder)
        }
    }
}

extension AuthorizationServerMetadata {
    /// The metadata, with the endpoints that the user configured for `server`.
    fileprivate func completed(by server: Account.ServerLocation) -> AuthorizationServerMetadata {
        guard case .issuer(let asked, let device, let revocation) = server, isOf(asked) else { return self }
        var metadata = self
        metadata.deviceAuthorizationEndpoint = device ?? deviceAuthorizationEndpoint
        metadata.revocationEndpoint = revocation ?? revocationEndpoint
        return metadata
    }

    /// Whether these are the metadata of `asked`, and not of a forge below a path.
    private func isOf(_ asked: String) -> Bool {
        issuer.map { $0.isSame(as: asked) || $0.isSame(as: asked + "/") || asked.isSame(as: $0 + "/") } ?? true
    }
}
