package import SecretService
package import Secrets

/// The seam to the Secret Service: items with attributes and a secret.
///
/// One live conformer, ``SecretService``; one in memory, in the tests. Grants and passwords are both kept through it,
/// each with a schema of its own.
package protocol ItemStore: Sendable {
    /// All items that have at least these attributes, newest first, in one collection or, where it is nil, in all.
    ///
    /// - Throws: `.locked` where a match is locked and cannot be unlocked; an empty answer means that there is none.
    func search(
        _ schema: ItemSchema, matching attributes: [String: String], in collection: SecretService.Collection?
    ) throws(SecretServiceError) -> [SecretItem]

    /// Keeps `secret` as the one item with exactly these attributes.
    func store(
        _ schema: ItemSchema, attributes: [String: String], label: String, secret: Secret,
        in collection: SecretService.Collection
    ) throws(SecretServiceError)

    /// Deletes the items with exactly these attributes, in one collection or, where it is nil, in all of them; whether
    /// there was one.
    func delete(
        _ schema: ItemSchema, exactly attributes: [String: String], in collection: SecretService.Collection?
    ) throws(SecretServiceError) -> Bool

    /// Makes sure that a `store` would work now: a provider is there and its default collection is unlocked.
    func probeWritable() throws(SecretServiceError)
}

extension SecretService: ItemStore {}

extension ItemStore {
    /// All items that have at least these attributes, newest first, wherever they are.
    package func search(
        _ schema: ItemSchema, matching attributes: [String: String]
    ) throws(SecretServiceError) -> [SecretItem] {
        try search(schema, matching: attributes, in: nil)
    }
}
