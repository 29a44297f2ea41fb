import CredentialProtocol
package import OAuth
import Secrets

/// One sign-in: finds the authorization server, has the person say yes in their own browser, and makes a grant of it.
package struct SignIn: Sendable {
    let grants: GrantStore
    let present: @Sendable (Account, PendingLogin) async throws -> Void

    /// - Parameter present: tells the person where to go, and opens the browser there.
    package init(
        grants: GrantStore, present: @escaping @Sendable (Account, PendingLogin) async throws -> Void
    ) {
        self.grants = grants
        self.present = present
    }

    /// What a sign-in gives.
    package struct Result: Sendable {
        package var grant: Grant
        package var response: TokenResponse
    }

    /// Runs the authorization code flow for `account`. Nothing is kept yet; but the keyring is probed first, so that
    /// nobody signs in for a grant that cannot be kept.
    func run(_ account: Account, transport: any HTTPTransport) async throws -> Result {
        try grants.probeWritable()
        let metadata = try await metadata(of: account, transport: transport)
        let flow = AuthorizationCodeFlow(
            metadata: metadata, client: account.client, scopes: account.scopes, resource: account.resource,
            loginHint: account.name, redirect: account.redirect, pkce: account.pkce, deadline: account.loginDeadline,
            transport: transport)
        do {
            let response = try await flow.run { pending in try await present(account, pending) }
            return Result(grant: grant(of: account, from: response, at: metadata), response: response)
        } catch OAuthError.refused(_, _, let error, _) where Self.refusals.contains(error) {
            throw CredentialFailure.signInRefused(service: account.service)
        }
    }

    /// What a server answers when the person said no: some without the `iss` that they announced.
    private static let refusals = ["access_denied", OAuthError.unverifiedRefusal]

    private func metadata(
        of account: Account, transport: any HTTPTransport
    ) async throws -> AuthorizationServerMetadata {
        switch account.server {
        case .issuer(let issuer): try await Discovery(transport: transport).metadata(issuer: issuer)
        case .endpoints(let metadata): metadata
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
