package import Addresses
package import CredentialProtocol
package import KernelKeyring
package import OAuth
package import Secrets

/// `keyfob login`: signs in to a service that the user has named. By naming it the user approves it.
///
/// The steps are ``find(_:anew:)``, ``check(_:)`` and ``signIn(to:for:force:registersAnew:)``. Between them the caller can
/// show the finding, and ask for a client (``Target/use(_:flow:)``).
package struct Login: Sendable {
    let serviceApproval: ServiceApproval
    let tokens: OAuthTokenSource
    let grants: GrantStore
    let registrations: RegistrationStore

    package init(
        serviceApproval: ServiceApproval, tokens: OAuthTokenSource, grants: GrantStore,
        registrations: RegistrationStore
    ) {
        self.serviceApproval = serviceApproval
        self.tokens = tokens
        self.grants = grants
        self.registrations = registrations
    }

    /// The service, the authorization server and the client of a sign-in.
    package struct Target: Sendable {
        package var account: Account
        /// How keyfob found the authorization server; nil if it was known.
        package let finding: ServerFinder.Finding?
        /// The approval to store with the sign-in; nil if nothing is to be added.
        var approval: Configuration.Host?
        /// The approval that is stored now.
        let before: Configuration.Host?
        /// Whether the user has named a client for this sign-in.
        var hasNewClient = false

        /// Signs in as a client that the user has registered. Its id is stored with the approval, and its secret in the
        /// keyring.
        ///
        /// - Parameter flow: the flow that this client needs, if it is not the usual one. It is stored with the id.
        package mutating func use(_ client: Client, flow: Account.Flow? = nil) {
            var host = approval ?? before ?? Configuration.Host(service: account.service)
            if approval == nil, before == nil, case .issuer(let issuer, _, _) = account.server {
                (host.issuer, host.reach) = (issuer, account.reach)
            }
            host.clientID = client.id
            let isPublic = client.secret == nil && account.provider?.ownClient == .withoutSecretByDevice
            if let flow = flow ?? (isPublic ? .device : nil) { (account.flow, host.flow) = (flow, flow) }
            account.client = client
            approval = host
            hasNewClient = true
        }
    }

    /// A sign-in that has worked, or that still works.
    package struct Outcome: Sendable {
        package let account: Account
        package let token: CachedAccessToken
        /// The stored grant; nil if the keyring cannot be read.
        package let grant: Grant?
        /// The service that the metadata name, if this sign-in is only for a path of it.
        package let wholeService: ServiceURL?
    }

    /// Finds the account and its authorization server.
    ///
    /// - Parameter anew: looks for the server of an approved service again.
    /// - Throws: ``CredentialFailure``, `OAuthError`, ``ConfigurationError``.
    package func find(_ request: CredentialRequest, anew: Bool = false) async throws -> Target {
        let (account, finding) = try await serviceApproval.accountByName(for: request, anew: anew)
        return Target(
            account: account, finding: finding, approval: finding?.host,
            before: serviceApproval.approved(account.service))
    }

    /// git's settings that the user may have written for this sign-in, and that do not count.
    package func unusedGitSettings(for request: CredentialRequest, _ target: Target) async -> [String] {
        await serviceApproval.accounts.unusedGitSettings(for: request, target.account)
    }

    /// Checks, before the user does anything, that keyfob may ask the server and can store the approval.
    ///
    /// - Parameters:
    ///   - hasClient: whether the user will name a client.
    ///   - clientID: its id, if the user has named it already.
    /// - Throws: ``ConfigurationError``; `OAuthError.addressTooNear` if the user says no to a private network;
    ///   ``CredentialFailure/otherClient(service:id:wanted:file:line:)``.
    package func check(_ target: Target, hasClient: Bool, clientID: String? = nil) async throws {
        if let clientID { try serviceApproval.refuseOtherClient(than: clientID, for: target.account) }
        if let finding = target.finding { try await serviceApproval.confirmNearness(of: finding) }
        guard target.approval != nil || hasClient else { return }
        try serviceApproval.prepareApproval(of: target.approval ?? Configuration.Host(service: target.account.service))
    }

    /// Returns a token: of a sign-in that still works, unless something new is wanted, or of a new one.
    ///
    /// - Parameters:
    ///   - request: names the service, and scopes in addition to the configured ones.
    ///   - force: signs in also if there is a sign-in that works.
    ///   - registersAnew: registers keyfob again first.
    ///   - store: where the sign-in has to be kept; signs in also if it is elsewhere. nil: anywhere.
    package func signIn(
        to target: Target, for request: CredentialRequest, force: Bool = false, registersAnew: Bool = false,
        into store: StoreSetting? = nil
    ) async throws -> Outcome {
        var account = tokens.signedIn(target.account)
        account.approval = target.approval
        let isNew =
            try force || !request.scope.isEmpty || target.hasNewClient || registersAnew
            || isElsewhere(account, than: store)
        let token =
            isNew
            ? try await tokens.signInAnew(
                to: account, keepsScopes: !request.scope.isEmpty, registersAnew: registersAnew)
            : try await tokens.tokenOrSignIn(account, for: request)
        if let approval = target.approval { try serviceApproval.approve(approval) }
        let grant = try? grants.grant(account: account.id)
        if target.hasNewClient { try storeSecret(ofClientOf: account, grant) }
        let whole = target.finding?.claimedService.flatMap { $0 == account.service ? nil : $0 }
        return Outcome(account: account, token: token, grant: grant, wholeService: whole)
    }

    private func isElsewhere(_ account: Account, than store: StoreSetting?) throws -> Bool {
        guard let store, store != .auto else { return false }
        return try !grants.allInSight().grants.contains { grant, isInKernel in
            grant.account == account.id && isInKernel == (store == .memory)
        }
    }

    /// Stores the secret of the user's client for the next sign-in. It comes after this one has worked, so that a mistyped
    /// secret does not replace a good one.
    private func storeSecret(ofClientOf account: Account, _ grant: Grant?) throws {
        guard var client = account.client, client.secret != nil else { return }
        client.authentication = grant?.client.authentication ?? client.authentication
        try registrations.save(
            ClientRegistration(
                issuer: grant?.issuer ?? account.server.identifier, client: client, redirectURIs: [], isByPerson: true))
    }
}

extension Client {
    /// A client that the user has registered, with its secret if it has one.
    package init(byUser id: String, secret: Secret?) {
        self.init(id: id, secret: secret, authentication: secret == nil ? .none : .basic)
    }
}
