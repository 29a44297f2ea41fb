package import OAuth
package import SecretService
import Secrets

/// Where the clients rest that servers have made of us (RFC 7591): one item of the Secret Service for each issuer, in the
/// same shape as those of ``GrantStore``.
package struct RegistrationStore: Sendable {
    private let items: any ItemStore

    package init(items: some ItemStore) {
        self.items = items
    }

    /// The registration at `issuer`, compared letter by letter; nil where there is none. A locked keyring is an error and
    /// never "none": otherwise each login would make one more client at the server.
    package func registration(issuer: String) throws(SecretServiceError) -> ClientRegistration? {
        try items.search(GrantStore.schema, matching: ["kind": Self.kind, "id": Self.id(issuer)]).lazy
            .compactMap { Registration($0.secret)?.value }.first { $0.issuer == issuer }
    }

    /// All registrations, newest first.
    package func all() throws(SecretServiceError) -> [ClientRegistration] {
        try items.search(GrantStore.schema, matching: ["kind": Self.kind]).compactMap { Registration($0.secret)?.value }
    }

    /// Keeps `registration` in place of the one before it at the same issuer; in the default collection alone, because
    /// one that ends with the session would be made anew each day.
    package func save(_ registration: ClientRegistration) throws {
        let secret = try Registration(registration).encoded()
        try items.store(
            GrantStore.schema, attributes: Self.attributes(registration.issuer),
            label: "keyfob: client at " + registration.issuer.split(separator: "/").dropFirst().joined(separator: " "),
            secret: secret, in: .default)
    }

    /// Forgets the registration at `issuer`; whether there was one.
    @discardableResult
    package func remove(issuer: String) throws(SecretServiceError) -> Bool {
        try items.delete(GrantStore.schema, exactly: Self.attributes(issuer), in: nil)
    }

    private static let kind = "registration"

    /// The keys of a grant's item. A registration is for no service: all at one issuer share it.
    private static func attributes(_ issuer: String) -> [String: String] {
        ["kind": kind, "service": "", "issuer": issuer, "id": id(issuer)]
    }

    /// 32 hexadecimal digits of a SHA-256 over the kind and the issuer.
    private static func id(_ issuer: String) -> String {
        Account.digest([kind, issuer])
    }
}
