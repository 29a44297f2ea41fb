import KeyfobCore
import OAuth

/// keyfob is a client of the authorization server, or can register.
struct ClientCheck: Check {
    let id = "client"
    let needs = ["metadata"]
    let follows = ["collection"]
    let condition = CheckCondition.service

    func look(_ context: CheckContext) throws -> Finding {
        guard let (account, metadata) = context.accountAndMetadata else { return .nothingToCheck }
        let issuer = metadata.issuer ?? account.server.identifier
        let registration: ClientRegistration?
        let unusable: String?
        do {
            registration = try context.parts.registrations.own(issuer: issuer).first
            unusable = try context.parts.registrations.unusable(issuer: issuer)?.unusableMember
        } catch {
            context.notes.note { $0.redirect = account.redirect }
            // A client of the user's, or one that a document describes, is in no keyring.
            if let finding = Self.findingWithoutRegistration(account, metadata) { return finding }
            return .skipped(because: "store", "not checked, because the keyring cannot be read")
        }
        // A locked keyring may hide a registration.
        if registration == nil, let trouble = context.notes.read({ $0.keyringTrouble }) {
            context.notes.note { $0.redirect = account.redirect }
            return Self.findingWithoutRegistration(account, metadata)
                ?? .skipped(because: trouble, "not known, because \(trouble) failed")
        }
        let isRegistered = registration.map { !$0.isExpired(at: context.now) } ?? false
        context.notes.note {
            $0.redirect = account.redirect ?? registration?.redirect
            $0.client = isRegistered ? registration?.client : nil
        }
        return try Self.finding(account, metadata, isRegistered: isRegistered, unusable: unusable)
    }

    /// - Parameters:
    ///   - isRegistered: whether keyfob has a registration there that has not expired.
    ///   - unusable: the member that makes an earlier registration unusable, if there is one.
    /// - Throws: ``CredentialFailure`` if the user has to register a client.
    static func finding(
        _ account: Account, _ metadata: AuthorizationServerMetadata, isRegistered: Bool, unusable: String? = nil
    ) throws -> Finding {
        if let finding = findingWithoutRegistration(account, metadata) { return finding }
        if isRegistered { return .ok("keyfob has registered itself", kind("registered")) }
        if metadata.registrationEndpoint != nil, unusable == nil {
            return .ok("none yet: keyfob registers itself at the first sign-in", kind("none"))
        }
        var needed = CredentialFailure.ClientNeeded(
            service: account.service, issuer: metadata.issuer ?? account.server.identifier,
            page: account.provider?.registrationPage(for: account.service, issuer: metadata.issuer),
            redirectURI: (account.redirect ?? .loopback).uri(port: nil), scopes: account.scopes,
            notes: account.provider?.quirks ?? [])
        needed.wantsSecret = account.clientsNeedSecret
        if let unusable { needed.reason = .unusable(member: unusable) }
        throw CredentialFailure.clientNeeded(needed)
    }

    /// The finding for a client that keyfob has not registered; nil if there is none.
    private static func findingWithoutRegistration(
        _ account: Account, _ metadata: AuthorizationServerMetadata
    ) -> Finding? {
        if account.client != nil { return .ok("a client that you registered", kind("own")) }
        guard account.clientMetadataDocument != nil, metadata.clientIDMetadataDocumentSupported else { return nil }
        return .ok("a document describes the client, and the server accepts it", kind("document"))
    }

    private static func kind(_ word: String) -> [String: Finding.Detail] { ["kind": .text(word)] }
}
