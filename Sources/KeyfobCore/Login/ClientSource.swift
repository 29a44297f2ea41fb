import OAuth

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
        let stored = account.client?.secret == nil ? try registrations.registration(issuer: issuer) : nil
        if let client = account.client {
            // The secret that its person gave to `keyfob login --client-secret` is in the keyring.
            let known = stored.flatMap { $0.client.id == client.id ? $0 : nil }
            let theirs = (known?.client ?? client).proving(at: metadata)
            return Identity(client: theirs, redirect: account.redirect ?? known?.redirect ?? .loopback)
        }
        if let stored, stored.isByPerson {
            let theirs = stored.client.proving(at: metadata)
            return Identity(client: theirs, redirect: account.redirect ?? stored.redirect ?? .loopback)
        }
        if let document = account.clientMetadataDocument, metadata.clientIDMetadataDocumentSupported {
            return Identity(client: Client(id: document), redirect: account.redirect ?? ClientMetadataDocument.redirect)
        }
        if !anew, let stored, !stored.isExpired(at: now()), let redirect = stored.redirect {
            return Identity(client: stored.client, redirect: redirect, isRegisteredByUs: true, isOlder: true)
        }
        return try await register(account, metadata, issuer, isForDevice: isForDevice, transport: transport)
    }

    /// Registers keyfob and keeps the registration. The redirect URI has a port of its own, which is bound at each login
    /// from then on: a server that compares redirect URIs byte for byte is content with that, too.
    private func register(
        _ account: Account, _ metadata: AuthorizationServerMetadata, _ issuer: String, isForDevice: Bool,
        transport: any HTTPTransport
    ) async throws -> Identity {
        let template = account.redirect ?? .loopback
        guard let url = metadata.registrationEndpoint else { throw clientNeeded(account, issuer, template) }
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
                .register(asked, issuer: issuer)
            guard let redirect = registration.redirect else {
                throw OAuthError.invalidEndpoint(member: "redirect_uris")
            }
            try registrations.save(registration)
            return Identity(client: registration.client, redirect: redirect, isRegisteredByUs: true)
        } catch OAuthError.registrationClosed {
            throw clientNeeded(account, issuer, template)
        }
    }

    private func clientNeeded(_ account: Account, _ issuer: String, _ redirect: RedirectTemplate) -> CredentialFailure {
        .clientNeeded(
            .init(
                service: account.service, issuer: issuer,
                page: account.provider?.registrationPage(for: account.service), redirectURI: redirect.uri(port: nil),
                scopes: account.scopes, notes: account.provider?.quirks ?? []))
    }

    /// The registration at `issuer` that keyfob made itself; nil where there is none.
    func ownRegistration(issuer: String) throws -> ClientRegistration? {
        try registrations.registration(issuer: issuer).flatMap { $0.isByPerson ? nil : $0 }
    }

    /// Whether `client` is one that a person has registered at `issuer`, and handed over.
    func isByPerson(_ client: Client, issuer: String) throws -> Bool {
        try registrations.registration(issuer: issuer).map { $0.isByPerson && $0.client.id == client.id } ?? false
    }

    /// Forgets the registration at `issuer` if it is the one of `client`: the server no longer knows it, or a port of it
    /// is taken for good. Where the server lets us, it forgets it too (RFC 7592 section 2.3).
    func forget(_ client: Client, issuer: String, transport: any HTTPTransport) async throws {
        guard let stored = try registrations.registration(issuer: issuer), stored.client.id == client.id else { return }
        try registrations.remove(issuer: issuer)
        _ = try? await RegistrationManagement(transport: transport).delete(stored)
    }
}
