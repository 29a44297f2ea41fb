import OAuth
import SecretService
import Secrets

/// Chooses the client as which keyfob uses an authorization server.
///
/// The order is that of the Model Context Protocol (2025-11-25):
/// 1. a client that the user has registered;
/// 2. the document that describes keyfob as a client;
/// 3. a registration that keyfob makes itself (RFC 7591), one for all sign-ins at an issuer;
/// 4. an error that says what the user has to register.
package struct ClientSource: Sendable {
    let registrations: RegistrationStore
    let triedForms: TriedForms
    let now: @Sendable () -> Int64

    /// - Parameter now: seconds since 1970-01-01 UTC.
    package init(
        registrations: RegistrationStore, triedForms: TriedForms = .none, now: @escaping @Sendable () -> Int64
    ) {
        self.registrations = registrations
        self.triedForms = triedForms
        self.now = now
    }

    /// A client and its redirect URI.
    struct Identity: Sendable {
        var client: Client
        var redirect: RedirectTemplate
        /// Whether keyfob made the registration and may make another.
        var isRegisteredByUs = false
        /// Whether keyfob made it for an earlier sign-in. The server may have deleted it since, or changed its rules.
        var isOlder = false
        /// Whether the server has refused a new registration before. Another one would not help.
        var isRefused = false

        /// Whether keyfob may register again without a word of the user.
        var mayRegisterAgain: Bool { isRegisteredByUs && isOlder && !isRefused }
    }

    /// The client of `account` at the server with this metadata.
    ///
    /// A hostile server could redirect the browser to another server, with the id of a client that is registered there.
    /// keyfob would then receive that server's code (RFC 9700 section 4.4). If the server announces `iss` (RFC 9207), keyfob
    /// compares it. If not, keyfob uses a separate redirect URI for the issuer.
    ///
    /// - Parameters:
    ///   - isForDevice: whether the device flow will be used, which is another grant type.
    ///   - anew: whether to make another registration although there is one.
    /// - Throws: ``CredentialFailure/clientNeeded(_:)`` if the user has to register a client; `SecretServiceError`,
    ///   `OAuthError`.
    func identity(
        for account: Account, at metadata: AuthorizationServerMetadata, isForDevice: Bool, anew: Bool = false,
        transport: any HTTPTransport
    ) async throws -> Identity {
        var identity = try await untriedIdentity(
            for: account, at: metadata, isForDevice: isForDevice, anew: anew, transport: transport)
        let issuer = metadata.issuer ?? account.server.identifier
        identity.client = beginning(
            identity.client, issuer: issuer, supported: metadata.tokenEndpointAuthMethodsSupported)
        return identity
    }

    private func untriedIdentity(
        for account: Account, at metadata: AuthorizationServerMetadata, isForDevice: Bool, anew: Bool = false,
        transport: any HTTPTransport
    ) async throws -> Identity {
        let issuer = metadata.issuer ?? account.server.identifier
        if let client = account.client {
            // A secret from `keyfob login --client-secret` is in the keyring under this id. A client of the user is used only
            // for the services for which the user named it.
            let known = client.secret == nil ? try registrations.registration(issuer: issuer, client: client.id) : nil
            let theirs = known?.client ?? client.proving(at: metadata)
            return Identity(
                client: account.authenticating(theirs), redirect: account.redirect ?? known?.redirect ?? .loopback)
        }
        let isLabelNeeded = account.isDiscovered && !metadata.authorizationResponseIssParameterSupported
        // The document has one redirect URI for all issuers.
        if let document = account.clientMetadataDocument, metadata.clientIDMetadataDocumentSupported, !isLabelNeeded {
            return Identity(client: Client(id: document), redirect: account.redirect ?? ClientMetadataDocument.redirect)
        }
        let wanted = account.redirect ?? Self.redirect(of: issuer)
        let usable = try registrations.own(issuer: issuer).first { known in
            // Servers compare the path, and some the port, so those of the account must be the registered ones.
            return known.redirect?.isMade(from: wanted) == true && !known.isExpired(at: now())
                // A user who writes a redirect URI without the label has decided.
                && !(isLabelNeeded && account.redirect == nil && known.redirect?.path == RedirectTemplate.loopback.path)
        }
        if !anew, let own = usable, let redirect = own.redirect {
            return Identity(
                client: account.authenticating(own.client), redirect: redirect, isRegisteredByUs: true, isOlder: true,
                isRefused: own.isRefused)
        }
        if !anew, let note = try registrations.unusable(issuer: issuer), let member = note.unusableMember {
            throw try clientNeeded(account, issuer, because: .unusable(member: member))
        }
        return try await register(
            account, metadata, issuer, isForDevice: isForDevice, isLabelNeeded: isLabelNeeded, transport: transport)
    }

    /// The redirect URI of keyfob's own registrations at an issuer, if the user has configured none.
    private static func redirect(of issuer: String) -> RedirectTemplate {
        .loopback(labelled: String(Account.digest(["redirect", issuer]).prefix(16)))
    }

    /// Registers keyfob and stores the registration. The redirect URI has a fixed port, which every later sign-in uses: some
    /// servers compare redirect URIs byte for byte.
    ///
    /// If the server registers keyfob in a form that keyfob cannot use, a note is stored: until the user asks for another
    /// registration, no sign-in makes one more.
    private func register(
        _ account: Account, _ metadata: AuthorizationServerMetadata, _ issuer: String, isForDevice: Bool,
        isLabelNeeded: Bool, transport: any HTTPTransport
    ) async throws -> Identity {
        guard let url = metadata.registrationEndpoint else {
            throw try clientNeeded(account, issuer)
        }
        let template = account.redirect ?? Self.redirect(of: issuer)
        let port: Int
        if let fixed = template.ports.first {
            port = fixed
        } else {
            port = try await RedirectTemplate.freePort(host: template.host)
        }
        // Some servers allow a client only the scopes that it registered. If the service chooses the scopes, a later step-up
        // should not need another registration.
        let known = account.addsOfflineAccess && !account.scopes.isEmpty ? metadata.scopesSupported ?? [] : []
        let asked = ClientMetadata(
            redirectURIs: [template.uri(port: port)],
            scopes: account.scopes + known.filter { !account.scopes.contains($0) },
            tokenEndpointAuthMethod: .preferred(among: metadata.tokenEndpointAuthMethodsSupported),
            grantTypes: isForDevice
                ? [ClientMetadata.deviceGrantType, "refresh_token"] : ClientMetadata.browserGrantTypes)
        do {
            var registration = try await RegistrationEndpoint(url: url, transport: transport)
                .register(asked, issuer: issuer, isLabelNeeded: isLabelNeeded)
            guard let redirect = registration.redirect else {
                throw OAuthError.invalidEndpoint(member: "redirect_uris")
            }
            // A secret that has expired before it is used is a number of another kind. Otherwise each sign-in would register
            // one more client.
            if registration.isExpired(at: now()) { registration.secretExpiresAt = nil }
            try await save(registration, for: account, transport: transport)
            try? registrations.noteUnusable(nil, issuer: issuer)
            return Identity(
                client: account.authenticating(registration.client), redirect: redirect, isRegisteredByUs: true)
        } catch OAuthError.registrationClosed {
            throw try clientNeeded(account, issuer)
        } catch let error as OAuthError where error.isObjection {
            throw try clientNeeded(account, issuer, because: .refused(by: error))
        } catch let error as OAuthError {
            guard let member = error.unusableMember else {
                throw error.mayStayForEver ? try clientNeeded(account, issuer, because: .failing(by: error)) : error
            }
            try registrations.noteUnusable(member, issuer: issuer)
            throw try clientNeeded(account, issuer, because: .unusable(member: member, by: error))
        }
    }

    /// Stores a new registration. If no keyring takes it, the server deletes it again if it can (RFC 7592): otherwise each
    /// sign-in would make one more.
    ///
    /// There is no sure way to know before whether a Secret Service has room.
    private func save(
        _ registration: ClientRegistration, for account: Account, transport: any HTTPTransport
    ) async throws {
        do {
            try registrations.save(registration)
        } catch let error as SecretServiceError {
            let isDeleted = (try? await RegistrationManagement(transport: transport).delete(registration)) ?? false
            throw CredentialFailure.registrationNotSaved(
                service: account.service, issuer: registration.issuer, id: registration.client.id, isDeleted: isDeleted,
                by: error)
        }
    }

    /// The redirect URI in it is the one that a client of the user will send: without the label and the port of keyfob's
    /// own registrations.
    private func clientNeeded(
        _ account: Account, _ issuer: String, because reason: CredentialFailure.ClientNeeded.Reason = .closed
    ) throws -> CredentialFailure {
        var needed = CredentialFailure.ClientNeeded(
            service: account.service, issuer: issuer,
            page: account.provider?.registrationPage(for: account.service, issuer: issuer),
            redirectURI: (account.redirect ?? .loopback).uri(port: nil), scopes: account.scopes,
            notes: account.provider?.quirks ?? [])
        needed.known = try registrations.byPerson(issuer: issuer).map(\.client.id)
        needed.wantsSecret = account.clientsNeedSecret
        needed.reason = reason
        return .clientNeeded(needed)
    }

    /// Notes that the server has accepted a client, and the form of its secret.
    func remember(_ client: Client, issuer: String) throws {
        guard let known = try registrations.registration(issuer: issuer, client: client.id) else { return }
        // Otherwise the memory has the form for the next sign-in.
        let name = Self.name(client, issuer)
        if !triedForms.recall(name).isEmpty { triedForms.remember(name, []) }
        var newest = known
        newest.isRefused = false
        if let secret = client.secret, known.client.secret == secret {
            newest.client.authentication = client.authentication
        }
        if newest != known { try registrations.save(newest) }
    }

    /// Notes that the server has refused the client as which it had just registered keyfob. An older registration stays in
    /// place of the new one.
    ///
    /// - Parameter needed: all grants.
    func noteRefusal(
        of client: Client, issuer: String, needed: () throws -> [Grant], transport: any HTTPTransport
    ) async throws {
        if try registrations.own(issuer: issuer).count > 1 {
            try await forget(client, issuer: issuer, needed: needed, transport: transport)
        }
        guard var left = try registrations.own(issuer: issuer).first else { return }
        left.isRefused = true
        try registrations.save(left)
    }

    /// Whether another registration may help if the server refuses `client`: if it is keyfob's newest one there, and the
    /// server has not refused a new one, too.
    func mayReplace(_ client: Client, issuer: String) throws -> Bool {
        guard let newest = try registrations.own(issuer: issuer).first else { return false }
        return newest.client.id.isSame(as: client.id) && !newest.isRefused
    }

    /// Deletes the stored registration of `client` at `issuer`. If no grant needs it, keyfob also asks the server to delete it
    /// (RFC 7592 section 2.3).
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

    /// Deletes keyfob's own registrations at `issuer`, here and at the server, except `client` and those that a grant needs.
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

extension OAuthError {
    /// Whether the server has refused a request and means it.
    fileprivate var isObjection: Bool { if case .refused = self { !isTransient } else { false } }
}

extension Account {
    /// A client, with the form for its secret that the user has configured.
    func authenticating(_ client: Client) -> Client {
        guard let clientAuthentication, client.secret != nil else { return client }
        var client = client
        client.authentication = clientAuthentication
        client.isFormChosen = true
        return client
    }
}

extension Account {
    /// Whether the server is known to give each client a secret that it needs.
    package var clientsNeedSecret: Bool {
        provider?.ownClient == .withSecret || KnownIssuer.match(server)?.clientsNeedSecret == true
    }
}

extension Grant {
    /// Whether this client got the grant, and the grant still has a token.
    fileprivate func isOf(_ registration: ClientRegistration) -> Bool {
        client.id.isSame(as: registration.client.id) && (refreshToken ?? accessToken) != nil
    }
}
