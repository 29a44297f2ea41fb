package import SecretService
import Secrets

/// Stores grants: each is one item of the Secret Service.
///
/// Every item has the same attribute keys, and one of them is a unique id, because providers also replace items that have
/// more attributes. Attributes are not secret, so they name only the service and the issuer.
///
/// Until the Secret Service has stored a grant for good, it is in the ``GrantJournal``.
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

    /// The grant of an account; nil if there is none. A locked keyring is an error and never "none".
    package func grant(account id: String) throws(SecretServiceError) -> Grant? {
        if let grant = journal.recall(id).flatMap(Grant.init) { return grant }
        return try kept(id)?.grant
    }

    /// The grant of an account, for the holder of its lock. A grant in the journal or in the session collection is moved to
    /// the default collection, if that works now.
    package func settledGrant(account id: String) throws(SecretServiceError) -> Grant? {
        if let grant = journal.recall(id).flatMap(Grant.init) {
            settle(grant)
            return grant
        }
        guard let kept = try kept(id) else { return nil }
        if kept.item.isInSession { settle(kept.grant) }
        return kept.grant
    }

    /// All grants, newest first: first those in the journal, then those in the Secret Service.
    package func all() throws(SecretServiceError) -> [Grant] { try allWithPlaces().map(\.grant) }

    /// All grants as ``all()`` returns them, and whether each is in kernel memory instead of the Secret Service.
    package func allWithPlaces() throws(SecretServiceError) -> [PlacedGrant] {
        withJournal(try items.search(Self.schema, matching: ["kind": "grant"]))
    }

    /// All grants that can be seen, also if there is no Secret Service, or if it cannot be read now.
    ///
    /// - Returns: also the reason why there may be more, in the Secret Service; nil if it was read.
    /// - Throws: the errors of a Secret Service that is there, if kernel memory has no grant.
    package func allInSight() throws(SecretServiceError) -> (grants: [PlacedGrant], unseen: SecretServiceError?) {
        do throws(SecretServiceError) {
            return (try allWithPlaces(), nil)
        } catch {
            let inMemory = (try? items.inMemory(Self.schema, matching: ["kind": "grant"])) ?? []
            guard error.isMissingService || !inMemory.isEmpty else { throw error }
            return (withJournal(inMemory), error)
        }
    }

    /// The refresh tokens of other copies of a grant: the user may have signed in once with a keyring, and once without.
    func olderRefreshTokens(of grant: Grant) -> [Secret] {
        let items = (try? items.search(Self.schema, matching: ["kind": "grant"])) ?? []
        return items.compactMap { Grant($0.secret) }.filter { $0.account.isSame(as: grant.account) }
            .compactMap(\.refreshToken).filter { $0 != grant.refreshToken }
    }

    package typealias PlacedGrant = (grant: Grant, isInKernel: Bool)

    private func withJournal(_ items: [SecretItem]) -> [PlacedGrant] {
        let kept = items.compactMap { item in
            Grant(item.secret).map { (grant: $0, isInKernel: item.isInKernel) }
        }
        let pending = journal.accounts().compactMap { journal.recall($0).flatMap(Grant.init) }
            .sorted { $0.grantedAt > $1.grantedAt }.map { (grant: $0, isInKernel: false) }
        // The default collection may still have an older copy of a grant in the journal or the session collection.
        var seen: Set<String> = []
        return (pending + kept).filter { seen.insert($0.grant.account).inserted }
    }

    /// Stores `grant` in place of the previous one.
    ///
    /// If the default collection refuses, the grant goes to the journal and to the `session` collection: a rotated refresh
    /// token that is not stored is lost.
    ///
    /// - Parameter replacing: whether there is a grant of this account already. Its successor stays in the journal until
    ///   the Secret Service that has it is back.
    /// - Throws: the error of the default collection, if the other two refuse too.
    package func save(_ grant: Grant, replacing: Bool = false) throws {
        let secret = grant.encoded
        let isInJournal = journal.keep(grant.account, secret)
        if replacing, isInJournal, isAway(grant.account) { return }
        do {
            try store(grant, secret, in: .default)
        } catch {
            // A provider that did not answer will not answer now.
            switch error {
            case .timedOut, .starting: if isInJournal { return }
            default: break
            }
            do { try store(grant, secret, in: .session) } catch _ where isInJournal {} catch _ { throw error }
            return
        }
        leaveJournal(grant)
    }

    /// Checks that the place of `grant` has room for its successor. A refresh token is sent only then: the server may replace
    /// it, and the new one exists nowhere else.
    package func ensureRoom(for grant: Grant) throws(SecretServiceError) {
        try items.ensureRoom(Self.schema, attributes: attributes(grant), bytes: grant.encoded.count)
    }

    /// Whether there may be grants that ``all()`` does not return, in a Secret Service that is not there now.
    package var mayHaveMore: Bool { items.mayHaveMore }

    /// Deletes `grant` everywhere. Returns whether it existed.
    @discardableResult
    package func remove(_ grant: Grant) throws(SecretServiceError) -> Bool {
        let wasInJournal = journal.recall(grant.account) != nil
        let wasKept = try items.delete(Self.schema, exactly: attributes(grant), in: nil)
        journal.forget(grant.account)
        return wasKept || wasInJournal
    }

    /// Checks that ``save(_:)`` would work for a grant of this account, before the user is asked.
    package func probeWritable(account id: String) throws(SecretServiceError) {
        do {
            try items.probeWritable()
        } catch {
            // Without a Secret Service, a grant in kernel memory is still replaced there.
            guard error.isMissingService, let kept = try? kept(id), kept.item.isInKernel else { throw error }
            try ensureRoom(for: kept.grant)
        }
    }

    /// Checks that a new item can be stored.
    package func probeWritable() throws(SecretServiceError) { try items.probeWritable() }

    /// The newest item of an account that can be read.
    private func kept(_ id: String) throws(SecretServiceError) -> (item: SecretItem, grant: Grant)? {
        for item in try readable(["kind": "grant", "id": id]) {
            if let grant = Grant(item.secret) { return (item, grant) }
        }
        return nil
    }

    /// The items with these attributes. If the default collection is locked, items in the session collection are newer, and
    /// readable.
    private func readable(_ attributes: [String: String]) throws(SecretServiceError) -> [SecretItem] {
        do {
            return try items.search(Self.schema, matching: attributes)
        } catch {
            guard error.isLocked,
                let refuge = try? items.search(Self.schema, matching: attributes, in: .session), !refuge.isEmpty
            else { throw error }
            return refuge
        }
    }

    /// Moves `grant` to the default collection. If that fails, it stays, and is moved another time.
    private func settle(_ grant: Grant) {
        if journal.isSettling(grant.account) || isAway(grant.account) { return }
        do {
            let secret = grant.encoded
            if savesLate(grant), try isKept(grant, secret) { return journal.forget(grant.account) }
            try store(grant, secret, in: .default)
            _ = try items.delete(Self.schema, exactly: attributes(grant), in: .session)
            leaveJournal(grant)
        } catch {}
    }

    /// Forgets `grant` in the journal, now that the default collection has it. If that collection can still lose it, the
    /// next ``settledGrant(account:)`` looks first whether it is still there.
    private func leaveJournal(_ grant: Grant) {
        if savesLate(grant) { journal.settle(grant.account) } else { journal.forget(grant.account) }
    }

    private func savesLate(_ grant: Grant) -> Bool { items.savesLate(Self.schema, attributes(grant)) }

    /// Whether the grant of an account may be in a Secret Service that is not there now. Then kernel memory does not become
    /// its place: the Secret Service would still have its predecessor.
    private func isAway(_ id: String) -> Bool {
        let isInMemory = (try? items.inMemory(Self.schema, matching: ["kind": "grant", "id": id]))?.isEmpty == false
        return !isInMemory && items.standsIn
    }

    private func isKept(_ grant: Grant, _ secret: Secret) throws(SecretServiceError) -> Bool {
        try items.search(Self.schema, matching: ["kind": "grant", "id": grant.account], in: .default)
            .contains { $0.secret == secret }
    }

    private func store(
        _ grant: Grant, _ secret: Secret, in collection: SecretService.Collection
    ) throws(SecretServiceError) {
        // Other programs can read labels, and the name of an account may be a person's. Its id reveals nothing.
        let account = grant.accountName == nil ? "" : " (account \(grant.account.prefix(6)))"
        let label = "keyfob: " + grant.service.split(separator: "/").dropFirst().joined(separator: " ") + account
        try items.store(Self.schema, attributes: attributes(grant), label: label, secret: secret, in: collection)
    }

    private func attributes(_ grant: Grant) -> [String: String] {
        [
            "kind": "grant", "service": grant.service, "issuer": grant.issuer ?? grant.tokenEndpoint,
            "id": grant.account,
        ]
    }
}
