import KeyfobCore
package import SecretService
package import Secrets
import Synchronization

/// A Secret Service in memory, with a default collection and a session collection.
///
/// A write replaces the item with exactly the same attributes in its collection. A search compares only the given
/// attributes, in both collections, newest first. A test can lock the store, refuse writes, or remove the session
/// collection. Each write has its own time in ``SecretItem/modified``.
package final class InMemoryItemStore: ItemStore {
    private struct Item: Sendable {
        var schema: String
        var value: SecretItem
        var isInSession: Bool
    }

    private struct State {
        var items: [Item] = []
        var moment: UInt64 = 0
        var isLocked = false
        var refusal: SecretServiceError?
        var outage: SecretServiceError?
        var hasSession = true
        var savesLate = false
        var searches: [String] = []
        var writes: [String] = []
    }

    private let state = Mutex(State())

    package init() {}

    /// Every item, oldest first.
    package var items: [SecretItem] { state.withLock { $0.items.map(\.value) } }

    /// The items in the session collection.
    package var sessionItems: [SecretItem] { state.withLock { $0.items.filter(\.isInSession).map(\.value) } }

    /// The kind of item of each search: `grant`, `registration`, or `password` for items without a kind. Each search is a
    /// D-Bus call, so tests count them.
    package var searches: [String] { state.withLock { $0.searches } }

    /// The kind of item of each write to the default collection.
    package var writes: [String] { state.withLock { $0.writes } }

    /// Empties ``searches`` and ``writes``.
    package func resetCounts() { state.withLock { ($0.searches, $0.writes) = ([], []) } }

    /// Locks the default collection, or unlocks it.
    package func lock(_ isLocked: Bool = true) { state.withLock { $0.isLocked = isLocked } }

    /// Makes every write to the default collection fail; nil makes writes work again.
    package func refuseWrites(_ error: SecretServiceError?) { state.withLock { $0.refusal = error } }

    /// Makes every call fail; nil makes calls work again.
    package func fail(_ error: SecretServiceError?) { state.withLock { $0.outage = error } }

    /// Behaves like KeePassXC, which has no session collection.
    package func removeSessionCollection() { state.withLock { $0.hasSession = false } }

    /// Behaves like KWallet, which can lose an item for some seconds.
    package func saveLate() { state.withLock { $0.savesLate = true } }

    package func savesLate(_ schema: ItemSchema, _ attributes: [String: String]) -> Bool {
        state.withLock { $0.savesLate }
    }

    /// Loses every item.
    package func loseItems() { state.withLock { $0.items = [] } }

    package func search(
        _ schema: ItemSchema, matching attributes: [String: String], in collection: SecretService.Collection?
    ) throws(SecretServiceError) -> [SecretItem] {
        if let outage = state.withLock({ $0.outage }) { throw outage }
        let (found, isLocked) = state.withLock { state in
            state.searches.append(attributes["kind"] ?? "password")
            let found = state.items.filter { item in
                schema.includes(item.schema) && (collection.map { ($0 == .session) == item.isInSession } ?? true)
                    && attributes.allSatisfy { item.value.attributes[$0.key] == $0.value }
            }
            return (found, state.isLocked && found.contains { !$0.isInSession })
        }
        if isLocked { throw .locked }
        return found.map(\.value).sorted { $0.modified > $1.modified }
    }

    package func store(
        _ schema: ItemSchema, attributes: [String: String], label: String, secret: Secret,
        in collection: SecretService.Collection
    ) throws(SecretServiceError) {
        let isInSession = collection == .session
        let failure = state.withLock { state -> SecretServiceError? in
            if let outage = state.outage { return outage }
            if isInSession, !state.hasSession { return .noCollection(.other) }
            if !isInSession, state.isLocked { return .locked }
            if !isInSession, let refusal = state.refusal { return refusal }
            state.moment += 1
            if !isInSession { state.writes.append(attributes["kind"] ?? "password") }
            state.items.removeAll {
                schema.includes($0.schema) && $0.isInSession == isInSession && $0.value.attributes == attributes
            }
            let value = SecretItem(
                attributes: attributes, label: label, secret: secret, modified: state.moment, isInSession: isInSession)
            state.items.append(Item(schema: schema.name, value: value, isInSession: isInSession))
            return nil
        }
        if let failure { throw failure }
    }

    package func delete(
        _ schema: ItemSchema, exactly attributes: [String: String], in collection: SecretService.Collection?
    ) throws(SecretServiceError) -> Bool {
        if let outage = state.withLock({ $0.outage }) { throw outage }
        let deleted = state.withLock { state -> Bool? in
            func isMeant(_ item: Item) -> Bool {
                schema.includes(item.schema) && item.value.attributes == attributes
                    && (collection.map { item.isInSession == ($0 == .session) } ?? true)
            }
            if state.isLocked, state.items.contains(where: { isMeant($0) && !$0.isInSession }) { return nil }
            let count = state.items.count
            state.items.removeAll(where: isMeant)
            return state.items.count < count
        }
        guard let deleted else { throw .locked }
        return deleted
    }

    package func probeWritable() throws(SecretServiceError) {
        let failure = state.withLock { $0.outage ?? ($0.isLocked ? .locked : $0.refusal) }
        if let failure { throw failure }
    }
}
