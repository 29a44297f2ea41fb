package import Secrets

/// The keyring of the user's session: a D-Bus service of the Secret Service API (GNOME Keyring, KWallet, KeePassXC,
/// oo7), used through libsecret.
///
/// All calls block, at most until their deadline. A locked item is never treated as absent. Searches do not use the
/// schema, which locked items do not show; a locked item is unlocked or reported.
///
/// Any program of the same user can read the content of an unlocked collection. Attributes can be read at any time.
package struct SecretService: Sendable {
    /// Where an item is stored.
    package enum Collection: Sendable {
        /// On disk, in the collection with the alias `default`, otherwise `login`.
        case `default`
        /// In the keyring's memory, until the session ends. Not every keyring has it.
        case session
    }

    private let deadline: Duration
    private let promptDeadline: Duration
    private let mayPrompt: Bool

    /// - Parameters:
    ///   - deadline: the time for one operation of the keyring, including the connection.
    ///   - promptDeadline: the time for the user to answer one prompt.
    ///   - mayPrompt: whether the keyring may ask the user for a password.
    package init(deadline: Duration = .seconds(3), promptDeadline: Duration = .seconds(60), mayPrompt: Bool) {
        self.deadline = deadline
        self.promptDeadline = promptDeadline
        self.mayPrompt = mayPrompt
    }

    /// Returns all items that have at least these attributes, newest first.
    ///
    /// - Parameter collection: the collection to search; nil for all collections.
    /// - Throws: `.locked` or `.promptDismissed` if any of the items is locked and stays locked.
    package func search(
        _ schema: ItemSchema, matching attributes: [String: String], in collection: Collection? = nil
    ) throws(SecretServiceError) -> [SecretItem] {
        let items = try connected { connection throws(CallFailure) in
            let found = try unlockedItems(attributes, in: collection, over: connection).filter { $0.mayHave(schema) }
            let secrets = try connection.secrets(of: found.map(\.path))
            return zip(found, secrets).map { item, secret in
                SecretItem(
                    attributes: item.attributes(schema), label: item.label, secret: secret, modified: item.modified,
                    isInSession: item.isIn(.session))
            }
        }
        // `modified` is in whole seconds. On a tie the session item comes first: it exists because the other could not
        // be written.
        return items.sorted { ($0.modified, $0.isInSession ? 1 : 0) > ($1.modified, $1.isInSession ? 1 : 0) }
    }

    /// Stores `secret` in the item that has exactly these attributes. An existing item keeps its label; otherwise a new
    /// item is created. If there are several such items, only the newest is kept. An item with more attributes is a
    /// different item and stays unchanged.
    ///
    /// - Parameter attributes: all attributes of the item. Other programs can read them at any time.
    /// - Throws: `.noCollection` if there is no collection for a new item; none is created.
    package func store(
        _ schema: ItemSchema, attributes: [String: String], label: String, secret: Secret,
        in collection: Collection = .default
    ) throws(SecretServiceError) {
        try connected { connection throws(CallFailure) in
            let found = try unlockedItems(attributes, in: collection, over: connection)
            let same = found.filter { $0.isOf(schema, exactly: attributes) }.sorted { $0.modified > $1.modified }
            if let newest = same.first {
                allowPrompt(over: connection)
                try connection.set(secret, of: newest)
                // Delete duplicates, for example from a restored backup: one could count as the newest within the same
                // second.
                for twin in same.dropFirst() { _ = try? connection.delete(twin) }
                return
            }
            let target = try unlockedCollection(collection, over: connection)
            allowPrompt(over: connection)
            // If several processes find nothing at the same time, all must end up with one item. But if there are items
            // with more attributes, keyrings would replace one of those.
            try connection.create(
                schema, attributes: attributes, label: label, secret: secret, in: target, replacing: found.isEmpty)
        }
    }

    /// Deletes the items that have exactly these attributes. Returns whether there was one.
    ///
    /// - Parameter collection: the collection to search; nil for all collections.
    package func delete(
        _ schema: ItemSchema, exactly attributes: [String: String], in collection: Collection? = nil
    ) throws(SecretServiceError) -> Bool {
        try connected { connection throws(CallFailure) in
            let found = try unlockedItems(attributes, in: collection, over: connection)
                .filter { $0.isOf(schema, exactly: attributes) }
            allowPrompt(over: connection)
            for item in found { try connection.delete(item) }
            return !found.isEmpty
        }
    }

    /// Checks that the next `store` can succeed: the default collection exists and is, or can be, unlocked.
    ///
    /// - Throws: `SecretServiceError` otherwise.
    package func probeWritable() throws(SecretServiceError) {
        try connected { connection throws(CallFailure) in
            _ = try unlockedCollection(.default, over: connection)
        }
    }
}

extension SecretService {
    /// Runs `body` under the deadline. Retries it once with a new session if its view of the keyring was out of date.
    private func connected<Result>(
        _ body: (Connection) throws(CallFailure) -> Result
    ) throws(SecretServiceError) -> Result {
        let deadline = Deadline(self.deadline)
        defer { deadline.end() }
        let call = Call(deadline: deadline)
        do {
            return try body(Connection(call))
        } catch {
            guard case .stale = error else { throw error.reported }
            Connection.forgetSession()
        }
        do {
            return try body(Connection(call))
        } catch {
            throw error.reported
        }
    }

    /// Returns the items with the attributes. Locked items are unlocked or reported. Items in other collections are
    /// ignored, locked or not.
    private func unlockedItems(
        _ attributes: [String: String], in collection: Collection?, over connection: Connection
    ) throws(CallFailure) -> [FoundItem] {
        var found = try connection.search(attributes, in: collection)
        if !found.locked.isEmpty {
            try unlock(found.locked, over: connection)
            found = try connection.search(attributes, in: collection)
            guard found.locked.isEmpty else { throw .final(.promptDismissed) }
        }
        return try found.unlocked.map { path throws(CallFailure) in try connection.item(at: path) }
    }

    /// Returns the path of the collection, after unlocking it.
    private func unlockedCollection(
        _ collection: Collection, over connection: Connection
    ) throws(CallFailure) -> String {
        let found = try connection.find(collection)
        if found.isLocked { try unlock([found.path], over: connection) }
        return found.path
    }

    private func unlock(_ paths: [String], over connection: Connection) throws(CallFailure) {
        guard mayPrompt else { throw .final(.locked) }
        allowPrompt(over: connection)
        try connection.unlock(paths)
        connection.call.deadline.restart(deadline)
    }

    /// Extends the deadline for a prompt: KeePassXC may ask the user before each write too. The keyring has answered by
    /// now, so it is alive.
    private func allowPrompt(over connection: Connection) {
        if mayPrompt { connection.call.deadline.restart(promptDeadline) }
    }
}
