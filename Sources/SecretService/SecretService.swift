package import Secrets

/// The keyring of the person's session: a D-Bus service of the Secret Service API (GNOME Keyring, KWallet, KeePassXC,
/// oo7), through libsecret.
///
/// All calls block, none longer than its deadline. A locked item is never taken for an absent one: searches do not name
/// the schema, which locked items have lost, and what is found locked is unlocked or reported.
///
/// Any program of the same user can read what an unlocked collection holds; attributes can be read at any time.
package struct SecretService: Sendable {
    /// Where an item is kept.
    package enum Collection: Sendable {
        /// On disk, in the collection with the alias `default`, or else `login`.
        case `default`
        /// In the service's memory, until the session ends; not every service has it.
        case session
    }

    private let deadline: Duration
    private let promptDeadline: Duration
    private let mayPrompt: Bool

    /// - Parameters:
    ///   - deadline: for what the service does by itself: one operation, connecting included.
    ///   - promptDeadline: for what the person does: one prompt.
    ///   - mayPrompt: whether the service may ask the person for a password.
    package init(deadline: Duration = .seconds(3), promptDeadline: Duration = .seconds(60), mayPrompt: Bool) {
        self.deadline = deadline
        self.promptDeadline = promptDeadline
        self.mayPrompt = mayPrompt
    }

    /// All items that have the attributes, and maybe more, newest first.
    ///
    /// - Parameter collection: where; nil for all collections.
    /// - Throws: `.locked` or `.promptDismissed` if any of them is, and stays, locked.
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
        // Modified is in whole seconds. What is in the session collection is there because the other could not be written.
        return items.sorted { ($0.modified, $0.isInSession ? 1 : 0) > ($1.modified, $1.isInSession ? 1 : 0) }
    }

    /// Keeps `secret` in the item that has exactly these attributes: in the one that is there, whose label stays, else
    /// in a new one. Of several such items the newest is left. An item that has these attributes and more is another
    /// one, and left alone.
    ///
    /// - Parameter attributes: all that the item is to have; what others may read at any time.
    /// - Throws: `.noCollection` where there is none to hold a new item: none is made.
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
                // A twin, as a restored backup leaves it, would be taken for the newest within the same second.
                for twin in same.dropFirst() { _ = try? connection.delete(twin) }
                return
            }
            let target = try unlockedCollection(collection, over: connection)
            allowPrompt(over: connection)
            // Of several processes that find nothing at the same time, all shall end up with one item. But where there
            // are items with more attributes, services take one of those for the item to replace.
            try connection.create(
                schema, attributes: attributes, label: label, secret: secret, in: target, replacing: found.isEmpty)
        }
    }

    /// Deletes the items that have exactly these attributes; whether there was one.
    ///
    /// - Parameter collection: where; nil for all collections.
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

    /// Returns if there is a default collection that is, or can be, unlocked: what is to be stored next will be kept.
    package func probeWritable() throws(SecretServiceError) {
        try connected { connection throws(CallFailure) in
            _ = try unlockedCollection(.default, over: connection)
        }
    }
}

extension SecretService {
    /// Runs `body` under the deadline; once more, with a new session, if what it knew of the service was out of date.
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

    /// What has the attributes; what is locked is unlocked, or told. What is in another collection is of no concern,
    /// locked or not.
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

    /// The path of the collection.
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

    /// KeePassXC may ask the person before each writing, too. The service has answered by now, so it is alive.
    private func allowPrompt(over connection: Connection) {
        if mayPrompt { connection.call.deadline.restart(promptDeadline) }
    }
}
