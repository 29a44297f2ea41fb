package import SecretService
package import Secrets

/// The interface to the Secret Service: items with attributes and a secret.
///
/// ``SecretService`` is the real one; the tests have one in memory. Grants and passwords both use it, each with its own
/// schema.
package protocol ItemStore: Sendable {
    /// The items that have at least these attributes, newest first.
    ///
    /// - Parameter collection: nil for all collections.
    /// - Throws: `.locked` if a match is locked and cannot be unlocked. An empty result means that there is none.
    func search(
        _ schema: ItemSchema, matching attributes: [String: String], in collection: SecretService.Collection?
    ) throws(SecretServiceError) -> [SecretItem]

    /// The same of kernel memory alone, which can be read even if the Secret Service cannot.
    func inMemory(
        _ schema: ItemSchema, matching attributes: [String: String]
    ) throws(SecretServiceError) -> [SecretItem]

    /// Stores `secret` as the one item with exactly these attributes.
    func store(
        _ schema: ItemSchema, attributes: [String: String], label: String, secret: Secret,
        in collection: SecretService.Collection
    ) throws(SecretServiceError)

    /// Deletes the items with exactly these attributes. Returns whether there was one.
    ///
    /// - Parameter collection: nil for all collections.
    func delete(
        _ schema: ItemSchema, exactly attributes: [String: String], in collection: SecretService.Collection?
    ) throws(SecretServiceError) -> Bool

    /// Whether there may be items that a search does not find: those of a Secret Service that is not there now.
    var mayHaveMore: Bool { get }

    /// Checks that the item with exactly these attributes can be replaced by one of `bytes` bytes, if that place may be full.
    func ensureRoom(
        _ schema: ItemSchema, attributes: [String: String], bytes: Int
    ) throws(SecretServiceError)

    /// Whether kernel memory takes new items only because there is no Secret Service now.
    var standsIn: Bool { get }

    /// Whether the item with exactly these attributes can still be lost for some seconds after `store` has accepted it.
    func savesLate(_ schema: ItemSchema, _ attributes: [String: String]) -> Bool

    /// Checks that `store` would work now: a provider runs, and its default collection is unlocked.
    func probeWritable() throws(SecretServiceError)
}

extension SecretService: ItemStore {}

extension ItemStore {
    package var mayHaveMore: Bool { false }

    package var standsIn: Bool { false }

    package func savesLate(_ schema: ItemSchema, _ attributes: [String: String]) -> Bool { false }

    package func inMemory(
        _ schema: ItemSchema, matching attributes: [String: String]
    ) throws(SecretServiceError) -> [SecretItem] { [] }

    package func ensureRoom(
        _ schema: ItemSchema, attributes: [String: String], bytes: Int
    ) throws(SecretServiceError) {}

    /// The items in all collections that have at least these attributes, newest first.
    package func search(
        _ schema: ItemSchema, matching attributes: [String: String]
    ) throws(SecretServiceError) -> [SecretItem] {
        try search(schema, matching: attributes, in: nil)
    }
}
