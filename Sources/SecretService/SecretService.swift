import Bus
package import Secrets
import Synchronization

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

    private let patience: Patience
    private let mayPrompt: Bool
    private let consent: WindowConsent?
    private let refusal = Refusal()

    /// The error of the first prompt that the user did not answer, or dismissed. No further prompt is shown then.
    private final class Refusal: Sendable {
        let error = Mutex<SecretServiceError?>(nil)
        /// Whether the user agreed to a window.
        let isAgreed = Mutex(false)
    }

    /// - Parameters:
    ///   - deadline: the time for one operation of the keyring, including the connection.
    ///   - startDeadline: the time for the bus to start the keyring. By default, the one of the bus.
    ///   - promptDeadline: the time for the user to answer one prompt.
    ///   - mayPrompt: whether the keyring may ask the user for a password.
    ///   - consent: asks the user before the first window of the keyring; nil if a window needs no question before it.
    ///   - notice: called if a start or a prompt takes longer than a moment, by another thread.
    package init(
        deadline: Duration = .seconds(3), startDeadline: Duration = .seconds(25),
        promptDeadline: Duration = .seconds(60), mayPrompt: Bool, consent: WindowConsent? = nil,
        notice: @escaping @Sendable (KeyringNotice) -> Void = { _ in }
    ) {
        patience = Patience(operation: deadline, start: startDeadline, prompt: promptDeadline, notice: notice)
        (self.mayPrompt, self.consent) = (mayPrompt, consent)
    }

    /// Returns all items that have at least these attributes, newest first.
    ///
    /// - Parameter collection: the collection to search; nil for all collections.
    /// - Throws: an error that ``SecretServiceError/isLocked`` if any of the items is locked and stays locked, or if the
    ///   default collection does and may hide its items.
    package func search(
        _ schema: ItemSchema, matching attributes: [String: String], in collection: Collection? = nil
    ) throws(SecretServiceError) -> [SecretItem] {
        let items = try connected { connection throws(CallFailure) in
            let found = try unlockedItems(attributes, in: collection, over: connection).filter { $0.mayHave(schema) }
            try allowPrompt(over: connection)
            let secrets = try connection.secrets(of: found.map(\.path))
            // KWallet's empty secrets were not stored empty, but lost.
            let kept = zip(found, secrets).filter { !$1.isEmpty || !connection.program.losesSecrets }
            return kept.map { item, secret in
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
                try allowPrompt(over: connection)
                try connection.set(secret, of: newest)
                try verify(schema, attributes, secret, in: collection, over: connection)
                // Delete duplicates, for example from a restored backup: one could count as the newest within the same
                // second.
                // A keyring may show one item at several paths.
                let twins = same.dropFirst().filter { $0.collection == newest.collection }
                for twin in twins { _ = try? connection.delete(twin, mayPrompt: mayPrompt) }
                if !twins.isEmpty, (try? connection.secrets(of: [newest.path])) != [secret] {
                    throw .stale("it deleted an item together with its duplicate")
                }
                return
            }
            let target = try unlockedCollection(collection, over: connection)
            try allowPrompt(over: connection)
            // If several processes find nothing at the same time, all must end up with one item. But if there are items
            // with more attributes, keyrings would replace one of those.
            try connection.create(
                schema, attributes: attributes, label: label, secret: secret, in: target, replacing: found.isEmpty)
            try verify(schema, attributes, secret, in: collection, over: connection)
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
            try allowPrompt(over: connection)
            for item in found { try connection.delete(item, mayPrompt: mayPrompt) }
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

    /// Whether the keyring writes its file some seconds after it has accepted an item.
    package func savesLate(_ schema: ItemSchema, _ attributes: [String: String]) -> Bool {
        let found = try? connected { (connection) throws(CallFailure) -> Bool in connection.program.savesLate }
        return found ?? false
    }
}

extension SecretService {
    /// Runs `body` under the deadline, and again if its view of the keyring was out of date.
    private func connected<Result>(
        _ body: (Connection) throws(CallFailure) -> Result
    ) throws(SecretServiceError) -> Result {
        guard SessionBus.isPossible else { throw .noLibrary }
        let deadline = Deadline(patience.operation)
        defer { deadline.end() }
        let call = Call(deadline: deadline, patience: patience)
        do {
            return try call.repeated { () throws(CallFailure) in try body(Connection(call)) }
        } catch {
            throw noted(error.reported)
        }
    }

    /// Remembers that the user did not want to answer, or did not see the question.
    private func noted(_ error: SecretServiceError) -> SecretServiceError {
        guard error.isLocked, error != .locked else { return error }
        let isFirst = refusal.error.withLock { refused in
            defer { refused = error }
            return refused == nil
        }
        if isFirst, refusal.isAgreed.withLock(\.self) { consent?.windowWasRefused() }
        return error
    }

    /// Returns the items with the attributes. Locked items are unlocked or reported. Items in other collections are
    /// ignored, locked or not.
    private func unlockedItems(
        _ attributes: [String: String], in collection: Collection?, over connection: Connection
    ) throws(CallFailure) -> [FoundItem] {
        if !connection.program.showsLockedItems, try !opens(collection, over: connection) { return [] }
        var found = try connection.search(attributes, in: collection)
        if !found.locked.isEmpty {
            try unlock(found.locked, over: connection)
            found = try connection.search(attributes, in: collection)
            guard found.locked.isEmpty else { throw .final(.promptDismissed) }
        }
        var seen: Set<String> = []
        let paths = found.unlocked.filter { seen.insert($0).inserted }
        return try paths.map { path throws(CallFailure) in try connection.item(at: path) }
    }

    /// Makes sure that the keyring hides no item of the collection (nil: the default collection), and that a search opens no
    /// window. Returns whether there is anything to search.
    private func opens(_ collection: Collection?, over connection: Connection) throws(CallFailure) -> Bool {
        do {
            _ = try unlockedCollection(collection ?? .default, over: connection)
            return true
        } catch {
            guard case .final(.noCollection(let program)) = error else { throw error }
            // KeePassXC has no collection before a database is open.
            if program == .keepassxc, collection != .session { throw error }
            return false
        }
    }

    /// Reads a secret back after it was written, if the keyring may have lost it. The next attempt then writes it again.
    private func verify(
        _ schema: ItemSchema, _ attributes: [String: String], _ secret: Secret, in collection: Collection,
        over connection: Connection
    ) throws(CallFailure) {
        guard connection.program.losesSecrets else { return }
        let written = try unlockedItems(attributes, in: collection, over: connection)
            .filter { $0.isOf(schema, exactly: attributes) }
        guard try connection.secrets(of: written.map(\.path)) == [secret] else {
            throw .stale("it did not keep the secret of an item")
        }
    }

    /// Returns the path of the collection, after unlocking it.
    private func unlockedCollection(
        _ collection: Collection, over connection: Connection
    ) throws(CallFailure) -> String {
        var found = try connection.find(collection)
        if found.isLocked {
            try unlock([found.path], over: connection)
            // A keyring that only claims to be unlocked would look empty.
            found = try connection.find(collection)
            guard !found.isLocked else { throw .final(.locked) }
        }
        return found.path
    }

    /// Unlocks items or collections. Asks the user only if the keyring needs that and the caller allows it.
    private func unlock(_ paths: [String], over connection: Connection) throws(CallFailure) {
        guard let prompt = try connection.unlock(paths) else { return }
        if try !connection.opensByItself(paths) {
            guard mayPrompt else { throw .final(.locked) }
            try askFirst(connection) { (try? connection.areUnlocked(paths)) ?? false }
            try restart(connection.call, asking: connection.program)
        }
        try connection.follow(prompt, unlocking: paths)
        connection.call.deadline.restart(patience.operation)
    }

    /// Extends the deadline if the keyring may ask the user inside the next call, as KeePassXC does before it deletes an item.
    /// The keyring has answered by now, so it is alive.
    private func allowPrompt(over connection: Connection) throws(CallFailure) {
        if mayPrompt, connection.program.asksInsideCalls { try restart(connection.call, asking: connection.program) }
    }

    private func restart(_ call: Call, asking program: KeyringProgram) throws(CallFailure) {
        if let refused = refusal.error.withLock({ $0 }) { throw .final(refused) }
        call.deadline.restart(patience.prompt, isForUser: true) { [notice = patience.notice] in notice(.asks(program)) }
    }

    /// Asks the user whether the keyring may show its window, if that needs a question.
    ///
    /// - Parameter isUnlocked: whether the keyring has been unlocked meanwhile.
    private func askFirst(_ connection: Connection, isUnlocked: () -> Bool) throws(CallFailure) {
        if let refused = refusal.error.withLock({ $0 }) { throw .final(refused) }
        guard let consent, !refusal.isAgreed.withLock(\.self) else { return }
        connection.call.deadline.restart(patience.prompt + patience.operation, isForUser: true)
        if let error = consent.ask(connection.program, patience.prompt, isUnlocked) { throw .final(error) }
        refusal.isAgreed.withLock { $0 = true }
    }
}

/// Asks the user before the keyring shows a window of its own, for programs in the background of a desktop.
package struct WindowConsent: Sendable {
    /// Waits for the user's answer, at most for `patience`. Returns nil if the keyring may show its window, and otherwise why
    /// not.
    ///
    /// - Parameter isUnlocked: whether the keyring has been unlocked meanwhile. Then it shows no window.
    let ask:
        @Sendable (_ program: KeyringProgram, _ patience: Duration, _ isUnlocked: () -> Bool) -> SecretServiceError?

    /// Called if the user agreed, and then did not answer the window.
    package let windowWasRefused: @Sendable () -> Void

    package init(
        ask: @escaping @Sendable (KeyringProgram, Duration, () -> Bool) -> SecretServiceError?,
        windowWasRefused: @escaping @Sendable () -> Void
    ) {
        (self.ask, self.windowWasRefused) = (ask, windowWasRefused)
    }
}
