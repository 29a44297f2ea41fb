import OAuth
import Secrets

/// Who keyfob is to an authorization server.
///
/// In the order of the Model Context Protocol (2025-11-25): a client that a person registered, then the document that
/// describes keyfob as a client, then a registration that keyfob makes itself (RFC 7591), then a message that says what
/// a person has to register. One registration serves all logins at an issuer.
package struct ClientSource: Sendable {
    let registrations: RegistrationStore
    let now: @Sendable () -> Int64

    /// - Parameter now: seconds since 1970-01-01 UTC.
    package init(registrations: RegistrationStore, now: @escaping @Sendable () -> Int64) {
        self.registrations = registrations
        self.now = now
    }

    /// A client, and where its logins come back to.
    struct Identity: Sendable {
        var client: Client
        var redirect: RedirectTemplate
        /// Whether keyfob made the registration, and may make another.
        var isRegisteredByUs = false
        /// Whether it did so for an earlier sign-in: the server may have forgotten it since, or changed its mind.
        var isOlder = false
    }

    /// The client of `account` at the server of `metadata`.
    ///
    /// A server that a service has named could send the browser on to another server, with a client that is known there, so
    /// that the other's code comes back here (RFC 9700 section 4.4). It is told apart by `iss` (RFC 9207) if it announces
    /// that; if it does not, only a redirect URI of the issuer's own will do.
    ///
    /// - Parameters:
    ///   - isForDevice: whether it will sign in at another device, which is a grant type of its own.
    ///   - anew: makes another registration in place of the one that keyfob made before.
    /// - Throws: ``CredentialFailure/clientNeeded(_:)`` where a person has to register one; what the keyring and the
    ///   server throw.
    func identity(
        for account: Account, at metadata: AuthorizationServerMetadata, isForDevice: Bool, anew: Bool = false,
        transport: any HTTPTransport
    ) async throws -> Identity {
        let issuer = metadata.issuer ?? account.server.identifier
        if let client = account.client {
            // The secret that its person gave to `keyfob login --client-secret` is in the keyring, under this very id. A
            // client that a person has registered is used for the services that they gave it for, and for no other.
            let known = client.secret == nil ? try registrations.registration(issuer: issuer, client: client.id) : nil
            let theirs = (known?.client ?? client).proving(at: metadata)
            return Identity(client: theirs, redirect: account.redirect ?? known?.redirect ?? .loopback)
        }
        let isLabelNeeded = account.isDiscovered && !metadata.authorizationResponseIssParameterSupported
        // The document has one redirect URI for all issuers.
        if let document = account.clientMetadataDocument, metadata.clientIDMetadataDocumentSupported, !isLabelNeeded {
            return Identity(client: Client(id: document), redirect: account.redirect ?? ClientMetadataDocument.redirect)
        }
        let usable = try registrations.own(issuer: issuer).first {
            !$0.isExpired(at: now()) && !(isLabelNeeded && $0.redirect?.path == RedirectTemplate.loopback.path)
        }
        if !anew, let own = usable, let redirect = own.redirect {
            return Identity(client: own.client, redirect: redirect, isRegisteredByUs: true, isOlder: true)
        }
        return try await register(
            account, metadata, issuer, isForDevice: isForDevice, isLabelNeeded: isLabelNeeded, transport: transport)
    }

    /// Registers keyfob and keeps the registration. The redirect URI has a port of its own, which is bound at each login
    /// from then on: a server that compares redirect URIs byte for byte is content with that, too.
    private func register(
        _ account: Account, _ metadata: AuthorizationServerMetadata, _ issuer: String, isForDevice: Bool,
        isLabelNeeded: Bool, transport: any HTTPTransport
    ) async throws -> Identity {
        guard let url = metadata.registrationEndpoint else {
            throw try clientNeeded(account, issuer, account.redirect ?? .loopback)
        }
        let template = account.redirect ?? .loopback(labelled: String(Account.digest(["redirect", issuer]).prefix(16)))
        let port: Int
        if let fixed = template.ports.first {
            port = fixed
        } else {
            port = try await RedirectTemplate.freePort(host: template.host)
        }
        // Some servers hold a client to the scopes that it registered; where a service's own words choose them, a later
        // step up shall not need another registration.
        let known = account.addsOfflineAccess && !account.scopes.isEmpty ? metadata.scopesSupported ?? [] : []
        let asked = ClientMetadata(
            redirectURIs: [template.uri(port: port)],
            scopes: account.scopes + known.filter { !account.scopes.contains($0) },
            tokenEndpointAuthMethod: .preferred(among: metadata.tokenEndpointAuthMethodsSupported),
            grantTypes: isForDevice
                ? [ClientMetadata.deviceGrantType, "refresh_token"] : ClientMetadata.browserGrantTypes)
        do {
            let registration = try await RegistrationEndpoint(url: url, transport: transport)
                .register(asked, issuer: issuer, isLabelNeeded: isLabelNeeded)
            guard let redirect = registration.redirect else {
                throw OAuthError.invalidEndpoint(member: "redirect_uris")
            }
            try registrations.save(registration)
            return Identity(client: registration.client, redirect: redirect, isRegisteredByUs: true)
        } catch OAuthError.registrationClosed {
            throw try clientNeeded(account, issuer, account.redirect ?? .loopback)
        }
    }

    private func clientNeeded(
        _ account: Account, _ issuer: String, _ redirect: RedirectTemplate
    ) throws -> CredentialFailure {
        var needed = CredentialFailure.ClientNeeded(
            service: account.service, issuer: issuer, page: account.provider?.registrationPage(for: account.service),
            redirectURI: redirect.uri(port: nil), scopes: account.scopes, notes: account.provider?.quirks ?? [])
        needed.known = try registrations.byPerson(issuer: issuer).map(\.client.id)
        return .clientNeeded(needed)
    }

    /// Whether a person has registered `client` at `issuer`, and handed it over.
    func isByPerson(_ client: Client, issuer: String) throws -> Bool {
        try registrations.registration(issuer: issuer, client: client.id)?.isByPerson ?? false
    }

    /// Forgets the registration of `client` at `issuer`, which the server no longer knows. If no grant needs it, and the
    /// server lets keyfob, the server forgets it too (RFC 7592 section 2.3).
    ///
    /// - Parameter needed: all grants.
    func forget(
        _ client: Client, issuer: String, needed: () throws -> [Grant], transport: any HTTPTransport
    ) async throws {
        guard let stored = try registrations.registration(issuer: issuer, client: client.id) else { return }
        let isNeeded = try needed().contains { $0.isOf(stored) }
        try registrations.remove(stored)
        if !isNeeded { _ = try? await RegistrationManagement(transport: transport).delete(stored) }
    }

    /// Deletes the registrations at `issuer` that keyfob made, here and at the server, unless it is `client` or a grant
    /// needs it.
    func retire(
        allBut client: Client, issuer: String, needed: () throws -> [Grant], transport: any HTTPTransport
    ) async throws {
        let others = try registrations.own(issuer: issuer).filter { !$0.client.id.isSame(as: client.id) }
        guard !others.isEmpty else { return }
        let grants = try needed()
        for registration in others where !grants.contains(where: { $0.isOf(registration) }) {
            try registrations.remove(registration)
            _ = try? await RegistrationManagement(transport: transport).delete(registration)
        }
    }
}

extension Grant {
    /// Whether the grant was given to that client, and is still of use.
    fileprivate func isOf(_ registration: ClientRegistration) -> Bool {
        client.id.isSame(as: registration.client.id) && (refreshToken ?? accessToken) != nil
    }
}
