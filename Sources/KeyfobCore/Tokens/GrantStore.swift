package import SecretService
import Secrets

/// Where grants rest: one item of the Secret Service for each.
///
/// Every item has the same attribute keys, one of them a unique id, because providers replace by subset; and none of
/// them says more than which service at which issuer, because attributes are not secret.
package struct GrantStore: Sendable {
    let items: any ItemStore

    package init(items: some ItemStore) {
        self.items = items
    }

    static let schema = ItemSchema(
        name: "org.keyfob.Item",
        attributes: ["kind": .string, "service": .string, "issuer": .string, "id": .string])

    /// The grant of an account; nil where there is none. A locked keyring is an error and never "none".
    package func grant(account id: String) throws(SecretServiceError) -> Grant? {
        try items.search(Self.schema, matching: ["kind": "grant", "id": id]).lazy.compactMap { Grant($0.secret) }.first
    }

    /// All grants, newest first.
    package func all() throws(SecretServiceError) -> [Grant] {
        try items.search(Self.schema, matching: ["kind": "grant"]).compactMap { Grant($0.secret) }
    }

    /// Keeps `grant` in place of the one before it. Where the default collection refuses, the `session` collection in
    /// the provider's memory takes it: a rotated refresh token that is not kept is lost.
    package func save(_ grant: Grant) throws {
        let secret = try grant.encoded()
        let label = "keyfob: " + grant.service.split(separator: "/").dropFirst().joined(separator: " ")
        do {
            try items.store(Self.schema, attributes: attributes(grant), label: label, secret: secret, in: .default)
        } catch {
            do {
                try items.store(Self.schema, attributes: attributes(grant), label: label, secret: secret, in: .session)
            } catch _ { throw error }
        }
    }

    /// Forgets `grant`; whether it was there.
    @discardableResult
    package func remove(_ grant: Grant) throws(SecretServiceError) -> Bool {
        try items.delete(Self.schema, exactly: attributes(grant))
    }

    /// Makes sure that ``save(_:)`` would work, before a refresh token is spent or a person is asked.
    package func probeWritable() throws(SecretServiceError) {
        try items.probeWritable()
    }

    private func attributes(_ grant: Grant) -> [String: String] {
        [
            "kind": "grant", "service": grant.service, "issuer": grant.issuer ?? grant.tokenEndpoint,
            "id": grant.account,
        ]
    }
}
