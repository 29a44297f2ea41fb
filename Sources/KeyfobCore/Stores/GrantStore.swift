package import SecretService
import Secrets

/// Where grants rest: one item of the Secret Service for each.
///
/// Every item has the same attribute keys, one of them a unique id, because providers replace by subset; and none of
/// them says more than which service at which issuer, because attributes are not secret.
///
/// On its way there a grant is in the ``GrantJournal``, and stays there while the service refuses it.
package struct GrantStore: Sendable {
    let items: any ItemStore
    let journal: GrantJournal

    package init(items: some ItemStore, journal: GrantJournal = .none) {
        self.items = items
        self.journal = journal
    }

    static let schema = ItemSchema(
        name: "org.keyfob.Item",
        attributes: ["kind": .string, "service": .string, "issuer": .string, "id": .string])

    /// The grant of an account; nil where there is none. A locked keyring is an error and never "none".
    package func grant(account id: String) throws(SecretServiceError) -> Grant? {
        if let grant = journal.recall(id).flatMap(Grant.init) { return grant }
        return try kept(id)?.grant
    }

    /// The same for the holder of the account's lock: moves a grant that is in a refuge to where grants rest, if that
    /// is possible now.
    package func settledGrant(account id: String) throws(SecretServiceError) -> Grant? {
        if let grant = journal.recall(id).flatMap(Grant.init) {
            settle(grant)
            return grant
        }
        guard let kept = try kept(id) else { return nil }
        if kept.item.isInSession { settle(kept.grant) }
        return kept.grant
    }

    /// All grants, newest first: those that have not yet come out of the journal, then those of the Secret Service.
    package func all() throws(SecretServiceError) -> [Grant] {
        let kept = try items.search(Self.schema, matching: ["kind": "grant"]).compactMap { Grant($0.secret) }
        let pending = journal.accounts().compactMap { journal.recall($0).flatMap(Grant.init) }
            .sorted { $0.grantedAt > $1.grantedAt }
        // Of a grant that is in the journal or in the session collection, the older one may still be in the default
        // collection.
        var seen: Set<String> = []
        return (pending + kept).filter { seen.insert($0.account).inserted }
    }

    /// Keeps `grant` in place of the one before it.
    ///
    /// Where the default collection refuses, the grant takes refuge in kernel memory and in the `session` collection of
    /// the provider's: a rotated refresh token that is not kept is lost.
    ///
    /// - Throws: what the default collection said, if there is no refuge either.
    package func save(_ grant: Grant) throws {
        let secret = try grant.encoded()
        let isInJournal = journal.keep(grant.account, secret)
        do {
            try store(grant, secret, in: .default)
        } catch {
            // Who has not answered will not answer now.
            if isInJournal, case .timedOut = error { return }
            do { try store(grant, secret, in: .session) } catch _ where isInJournal {} catch _ { throw error }
            return
        }
        journal.forget(grant.account)
    }

    /// Forgets `grant`, in its refuges too; whether it was there.
    @discardableResult
    package func remove(_ grant: Grant) throws(SecretServiceError) -> Bool {
        let wasInJournal = journal.recall(grant.account) != nil
        let wasKept = try items.delete(Self.schema, exactly: attributes(grant), in: nil)
        journal.forget(grant.account)
        return wasKept || wasInJournal
    }

    /// Makes sure that ``save(_:)`` would work, before a refresh token is spent or a person is asked.
    package func probeWritable() throws(SecretServiceError) {
        try items.probeWritable()
    }

    /// The newest item of an account that can be read.
    private func kept(_ id: String) throws(SecretServiceError) -> (item: SecretItem, grant: Grant)? {
        for item in try readable(["kind": "grant", "id": id]) {
            if let grant = Grant(item.secret) { return (item, grant) }
        }
        return nil
    }

    /// What has the attributes. Where the default collection is locked, what is in its refuge is newer, and readable.
    private func readable(_ attributes: [String: String]) throws(SecretServiceError) -> [SecretItem] {
        do {
            return try items.search(Self.schema, matching: attributes)
        } catch {
            guard error == .locked || error == .promptDismissed,
                let refuge = try? items.search(Self.schema, matching: attributes, in: .session), !refuge.isEmpty
            else { throw error }
            return refuge
        }
    }

    /// Moves `grant` from its refuge to the default collection. Where that fails it stays, and is moved another time.
    private func settle(_ grant: Grant) {
        do {
            try store(grant, try grant.encoded(), in: .default)
            _ = try items.delete(Self.schema, exactly: attributes(grant), in: .session)
            journal.forget(grant.account)
        } catch {}
    }

    private func store(
        _ grant: Grant, _ secret: Secret, in collection: SecretService.Collection
    ) throws(SecretServiceError) {
        let label = "keyfob: " + grant.service.split(separator: "/").dropFirst().joined(separator: " ")
        try items.store(Self.schema, attributes: attributes(grant), label: label, secret: secret, in: collection)
    }

    private func attributes(_ grant: Grant) -> [String: String] {
        [
            "kind": "grant", "service": grant.service, "issuer": grant.issuer ?? grant.tokenEndpoint,
            "id": grant.account,
        ]
    }
}
