import Addresses
import CredentialProtocol
import KernelKeyring
package import OAuth
import Secrets

/// One attempt to sign in: which account, at which server, as which client and by which flow.
struct SignInAttempt: Sendable {
    var account: Account
    let metadata: AuthorizationServerMetadata
    let identity: ClientSource.Identity
    let flow: Account.Flow
    let transport: any HTTPTransport
    /// Whether keyfob made a new registration for this attempt. Older ones that other sign-ins need stay.
    let isRegisteredAnew: Bool

    var issuer: String { metadata.issuer ?? account.server.identifier }

    /// Runs the flow until the server answers with tokens.
    ///
    /// - Parameter now: seconds since 1970-01-01 UTC.
    /// - Throws: `OAuthError`; ``CredentialFailure/anotherAccount(asked:given:)`` if another user signed in.
    func run(_ screen: SignIn.Screen, now: Int64) async throws -> SignIn.Result {
        let response: TokenResponse
        var account = account
        switch flow {
        case .loopback, .paste:
            do {
                response = try await AuthorizationCodeFlow(
                    parameters, listens: flow == .loopback, transport: transport
                ).run { [account] in try await screen.browser(account, $0) }
            } catch OAuthError.browserFailed(let reason) {
                try await refuseOffline()
                throw OAuthError.browserFailed(reason: reason)
            }
        case .device:
            response = try await DeviceFlow(parameters, transport: transport).run { pending in
                account = try await screen.agreement(of: account, pages: [pending.address], at: metadata)
                let complete = pending.completeAddress.map { [$0] } ?? []
                // This address is optional for the user.
                if try !EndpointHosts(of: account, issuer: metadata.issuer).foreign(among: complete).isEmpty {
                    pending.completeAddress = nil
                }
            } remark: {
                screen.remark($0)
            } present: { [account] in
                try await screen.device(account, $0)
            }
        }
        let names = try await names(response, now: now)
        return SignIn.Result(
            grant: grant(from: response, names: names, now: now), response: response, agreedHosts: account.endpointHosts
        )
    }

    /// The lines of a configuration that name this server by its endpoints, with this client and these scopes.
    var configurationLines: [String] {
        func quoted(_ value: String) -> String {
            "\"" + value.replacingBytes(of: "\\", with: "\\\\").replacingBytes(of: "\"", with: "\\\"") + "\""
        }
        func line(_ key: String, _ value: String) -> String { "\(key) = \(quoted(value))" }
        let scopes = account.scopes.map(quoted).joined(separator: ", ")
        return (metadata.issuer.map { [line("issuer", $0)] } ?? []) + [
            line(
                metadata.isForDevicesAlone ? "device_authorization_endpoint" : "authorization_endpoint",
                metadata.authorizationEndpoint.string),
            line("token_endpoint", metadata.tokenEndpoint.string), line("client_id", identity.client.id),
            "scopes = [\(scopes)]",
        ] + (metadata.revocationEndpoint.map { [line("revocation_endpoint", $0.string)] } ?? [])
    }

    /// Whether a hint may propose the server's endpoints as settings. If the answer does not name its issuer, another
    /// server's page may have sent it: then the settings would lead the code of one server to the other (RFC 9207).
    func mayConfigureEndpoints(after error: OAuthError) -> Bool {
        guard case .responseIssuerMismatch = error else { return true }
        let origin = metadata.issuer.flatMap { try? EndpointURL($0) }?.origin
        return metadata.authorizationEndpoint.origin == origin && metadata.tokenEndpoint.origin == origin
    }

    /// Checks that this machine reaches the server: otherwise no other way to sign in would help. Endpoints that are
    /// configured may not have been asked yet.
    ///
    /// - Throws: `OAuthError.unreachable`, `OAuthError.proxyRefused`.
    private func refuseOffline() async throws {
        do throws(OAuthError) {
            _ = try await transport.send(HTTPRequest(get: metadata.tokenEndpoint))
        } catch {
            switch error {
            case .unreachable, .proxyRefused: throw error
            default: break
            }
        }
    }

    private var parameters: AuthorizationParameters {
        account.parameters(at: metadata, client: identity.client, redirect: identity.redirect)
    }

    /// The user's names in the id_token, the one to show first; none if there is no id_token. If the account or the caller
    /// names a user, a sign-in of another one fails.
    private func names(_ response: TokenResponse, now: Int64) async throws -> [String] {
        guard let token = response.idToken, let issuer = metadata.issuer else { return [] }
        let asked = account.name ?? account.person
        let claims: IDTokenClaims
        do {
            claims = try IDToken.claims(
                of: token, for: identity.client, from: issuer, accessToken: response.accessToken,
                nonce: response.nonce, now: now)
        } catch {
            // A token that cannot be checked gives no name. That matters only if a name was asked for.
            if asked == nil { return [] }
            throw error
        }
        // A server that gives only an identifier of its own does not say that it is not the user.
        guard !claims.names.isEmpty else { return [] }
        let names = claims.names + [claims.subject]
        if let asked, !names.map(\.asciiLowercased).holdsSame(as: asked.asciiLowercased) {
            await revoke(response)
            throw CredentialFailure.anotherAccount(service: account.service, asked: asked, given: names[0])
        }
        return claims.names
    }

    /// Revokes tokens that keyfob will not use.
    private func revoke(_ response: TokenResponse) async {
        guard let url = metadata.revocationEndpoint else { return }
        let endpoint = RevocationEndpoint(url: url, client: identity.client, transport: transport)
        if let token = response.refreshToken { try? await endpoint.revoke(token, hint: .refreshToken) }
        try? await endpoint.revoke(response.accessToken, hint: .accessToken)
    }

    private func grant(from response: TokenResponse, names: [String], now: Int64) -> Grant {
        var client = identity.client
        client.authentication = response.authentication ?? client.authentication
        let isItselfTheGrant = response.refreshToken == nil && (response.expiresIn ?? 0) == 0
        return Grant(
            account: account.id, service: account.service.description, accountName: account.name,
            issuer: metadata.issuer, tokenEndpoint: metadata.tokenEndpoint.string,
            revocationEndpoint: metadata.revocationEndpoint?.string, client: client,
            scopes: response.scope ?? account.scopes, requestedScopes: account.scopes,
            requestedContexts: account.stepUp?.contexts ?? [], resource: account.indicator(.resource),
            label: names.first, email: names.dropFirst().first { $0.utf8.contains(UInt8(ascii: "@")) },
            refreshToken: response.refreshToken,
            accessToken: isItselfTheGrant ? response.accessToken : nil, grantedAt: now,
            isFirstOfClient: isRegisteredAnew, listsOfflineAccess: metadata.scopesSupported?.contains("offline_access"))
    }
}

extension Account {
    /// The parameters of a sign-in to the account.
    package func parameters(
        at metadata: AuthorizationServerMetadata, client: Client, redirect: RedirectTemplate
    ) -> AuthorizationParameters {
        AuthorizationParameters(
            metadata: metadata, client: client, scopes: scopes, resource: indicator(.resource),
            audience: indicator(.audience), loginHint: name ?? person, service: service.description,
            contexts: stepUp?.contexts ?? [], maxAge: stepUp?.maxAge, prompt: asksForConsent ? "consent" : nil,
            redirect: redirect, pkce: pkce,
            deadline: loginDeadline)
    }

    /// The resource, if the server takes it in this parameter.
    fileprivate func indicator(_ parameter: Configuration.ResourceParameter) -> String? {
        resourceParameter == parameter ? resource : nil
    }
}
