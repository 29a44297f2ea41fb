import CredentialProtocol
package import OAuth

/// One sign-in: finds the authorization server, has the person say yes in their own browser, and makes a grant of it.
package struct SignIn: Sendable {
    let grants: GrantStore
    let screen: Screen

    package init(grants: GrantStore, screen: Screen) {
        self.grants = grants
        self.screen = screen
    }

    /// What the person sees: one function for each way to sign in. Each runs until the sign-in ends, which cancels it.
    package struct Screen: Sendable {
        /// Tells where to go, opens the browser there if we listen for it, and takes what the person pastes.
        package var browser: @Sendable (Account, PendingLogin) async throws -> Void
        /// Shows the code, and where to type it.
        package var device: @Sendable (Account, PendingDeviceLogin) async throws -> Void

        package init(
            browser: @escaping @Sendable (Account, PendingLogin) async throws -> Void,
            device: @escaping @Sendable (Account, PendingDeviceLogin) async throws -> Void
        ) {
            self.browser = browser
            self.device = device
        }
    }

    /// What a sign-in gives.
    package struct Result: Sendable {
        package var grant: Grant
        package var response: TokenResponse
    }

    /// Runs the account's flow. Nothing is kept yet; but the keyring is probed first, so that
    /// nobody signs in for a grant that cannot be kept.
    func run(_ account: Account, transport: any HTTPTransport) async throws -> Result {
        try grants.probeWritable()
        let metadata = try await metadata(of: account, transport: transport)
        do {
            let response = try await response(for: account, at: metadata, transport)
            return Result(grant: grant(of: account, from: response, at: metadata), response: response)
        } catch OAuthError.refused(_, _, let error, _) where Self.refusals.contains(error) {
            throw CredentialFailure.signInRefused(service: account.service)
        }
    }

    private func response(
        for account: Account, at metadata: AuthorizationServerMetadata, _ transport: any HTTPTransport
    ) async throws -> TokenResponse {
        let parameters = AuthorizationParameters(
            metadata: metadata, client: account.client, scopes: account.scopes, resource: account.resource,
            loginHint: account.name, redirect: account.redirect, pkce: account.pkce, deadline: account.loginDeadline)
        switch account.flow {
        case .loopback, .paste:
            return try await AuthorizationCodeFlow(
                parameters, listens: account.flow == .loopback, transport: transport
            ).run { try await screen.browser(account, $0) }
        case .device:
            return try await DeviceFlow(parameters, transport: transport).run { try await screen.device(account, $0) }
        }
    }

    /// What a server answers when the person said no: some without the `iss` that they announced.
    private static let refusals = ["access_denied", OAuthError.unverifiedRefusal]

    private func metadata(
        of account: Account, transport: any HTTPTransport
    ) async throws -> AuthorizationServerMetadata {
        switch account.server {
        case .issuer(let issuer, let device, let revocation):
            var metadata = try await Discovery(transport: transport).metadata(issuer: issuer)
            metadata.deviceAuthorizationEndpoint = device ?? metadata.deviceAuthorizationEndpoint
            metadata.revocationEndpoint = revocation ?? metadata.revocationEndpoint
            return metadata
        case .endpoints(let metadata):
            return metadata
        }
    }

    private func grant(
        of account: Account, from response: TokenResponse, at metadata: AuthorizationServerMetadata
    ) -> Grant {
        let isItselfTheGrant = response.refreshToken == nil && response.expiresIn == nil
        return Grant(
            account: account.id, service: account.service.description, accountName: account.name,
            issuer: metadata.issuer, tokenEndpoint: metadata.tokenEndpoint.string,
            revocationEndpoint: metadata.revocationEndpoint?.string, clientID: account.client.id,
            scopes: response.scope ?? account.scopes, resource: account.resource,
            refreshToken: response.refreshToken, accessToken: isItselfTheGrant ? response.accessToken : nil,
            grantedAt: 0)
    }
}
