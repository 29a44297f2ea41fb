package import OAuth
package import SecretService
import Secrets

/// Stores the clients as which keyfob uses authorization servers: those that it registered itself (RFC 7591), and those that
/// the user registered and named. Each is one item of the Secret Service, with the attribute keys of ``GrantStore``.
package struct RegistrationStore: Sendable {
    private let items: any ItemStore

    package init(items: some ItemStore) {
        self.items = items
    }

    /// The registration of a client at `issuer`; nil if there is none.
    ///
    /// Issuer and client id are compared byte for byte. A locked keyring is an error and never "none": otherwise each sign-in
    /// would register one more client.
    package func registration(issuer: String, client id: String) throws(SecretServiceError) -> ClientRegistration? {
        try registrations(issuer: issuer).first { $0.client.id.isSame(as: id) }
    }

    /// keyfob's own registrations at `issuer`, newest first.
    package func own(issuer: String) throws(SecretServiceError) -> [ClientRegistration] {
        try registrations(issuer: issuer).filter { !$0.isByPerson && $0.unusableMember == nil }
    }

    /// The note that `issuer` has registered keyfob in a form that keyfob cannot use; nil if there is none.
    package func unusable(issuer: String) throws(SecretServiceError) -> ClientRegistration? {
        try registrations(issuer: issuer).first { $0.unusableMember != nil }
    }

    /// Replaces the note that `issuer` has registered keyfob in a form that keyfob cannot use.
    ///
    /// - Parameter member: the member that cannot be used; nil deletes the note.
    package func noteUnusable(_ member: String?, issuer: String) throws {
        for old in try registrations(issuer: issuer) where old.unusableMember != nil { try remove(old) }
        guard let member else { return }
        var note = ClientRegistration(issuer: issuer, client: Client(id: ""), redirectURIs: [])
        note.unusableMember = member
        try save(note)
    }

    /// The user's clients at `issuer`, newest first.
    package func byPerson(issuer: String) throws(SecretServiceError) -> [ClientRegistration] {
        try registrations(issuer: issuer).filter(\.isByPerson)
    }

    /// All registrations, newest first.
    package func all() throws(SecretServiceError) -> [ClientRegistration] {
        try items.search(GrantStore.schema, matching: ["kind": Self.kind]).compactMap { Registration($0.secret)?.value }
    }

    /// Stores `registration` in place of the previous one of the same client. It goes only to the default collection: a
    /// registration that ends with the session would be made again each day.
    package func save(_ registration: ClientRegistration) throws {
        let secret = Registration(registration).encoded
        let isOld = try old(registration.issuer).map { $0.client.id.isSame(as: registration.client.id) } ?? false
        try items.store(
            GrantStore.schema, attributes: Self.attributes(registration.issuer, registration.client.id),
            label: "keyfob: client at " + registration.issuer.split(separator: "/").dropFirst().joined(separator: " "),
            secret: secret, in: .default)
        if isOld {
            _ = try items.delete(GrantStore.schema, exactly: Self.attributes(registration.issuer, nil), in: nil)
        }
    }

    /// Deletes `registration`. Returns whether it existed.
    @discardableResult
    package func remove(_ registration: ClientRegistration) throws(SecretServiceError) -> Bool {
        let isOld = try old(registration.issuer).map { $0.client.id.isSame(as: registration.client.id) } ?? false
        let id = isOld ? nil : registration.client.id
        return try items.delete(GrantStore.schema, exactly: Self.attributes(registration.issuer, id), in: nil)
    }

    private func registrations(issuer: String) throws(SecretServiceError) -> [ClientRegistration] {
        try items.search(GrantStore.schema, matching: ["kind": Self.kind, "issuer": issuer])
            .compactMap { Registration($0.secret)?.value }.filter { $0.issuer.isSame(as: issuer) }
    }

    /// The registration that versions before 2026-12 stored, one for each issuer.
    private func old(_ issuer: String) throws(SecretServiceError) -> ClientRegistration? {
        try items.search(GrantStore.schema, matching: ["kind": Self.kind, "id": Self.id(issuer, nil)]).lazy
            .compactMap { Registration($0.secret)?.value }.first
    }

    private static let kind = "registration"

    /// The keys of a grant's item. The service is empty, because several services may use one registration.
    private static func attributes(_ issuer: String, _ client: String?) -> [String: String] {
        ["kind": kind, "service": "", "issuer": issuer, "id": id(issuer, client)]
    }

    /// 32 hexadecimal digits of a SHA-256 over the kind, the issuer and the client id; older items lack the last.
    private static func id(_ issuer: String, _ client: String?) -> String {
        Account.digest([kind, issuer] + (client.map { [$0] } ?? []))
    }
}
