package import SecretService
package import Secrets
import Synchronization

/// The items of the user in both places: the Secret Service and kernel memory.
///
/// - A grant stays where it is: a refreshed one replaces the old one in the same place.
/// - The setting `store` decides the place of a new item. A sign-in with `--store` moves the item there.
/// - A locked or slow Secret Service is an error. Only if there is none, kernel memory takes its place, and only with the
///   setting `auto`.
/// - With the setting `memory`, the Secret Service is not asked at all.
package struct ChosenItems: ItemStore {
    private let keyring: any ItemStore
    private let memory: any ItemStore
    private let choice: StoreChoice

    package init(keyring: some ItemStore, memory: some ItemStore, choice: StoreChoice) {
        (self.keyring, self.memory, self.choice) = (keyring, memory, choice)
    }

    package func search(
        _ schema: ItemSchema, matching attributes: [String: String], in collection: SecretService.Collection?
    ) throws(SecretServiceError) -> [SecretItem] {
        var kept: [SecretItem] = []
        var trouble: SecretServiceError?
        if collection != .session {
            do { kept = try memory.search(schema, matching: attributes, in: nil) } catch { trouble = error }
        }
        if choice.setting == .memory {
            if let trouble { throw trouble }
            return kept
        }
        // An id stands for one item.
        if !kept.isEmpty, attributes["id"] != nil { return kept }
        let found = try unlessMissing(kept.isEmpty && choice.setting == .keyring) { () throws(SecretServiceError) in
            try keyring.search(schema, matching: attributes, in: collection)
        }
        // What the Secret Service can do must not end because of kernel memory, which may hold nothing there.
        if let trouble, choice.setting == .auto, found == nil || found?.isEmpty == true && trouble == .kernelMemoryFull
        {
            throw trouble
        }
        return (kept + (found ?? [])).sorted { $0.modified > $1.modified }
    }

    package func inMemory(
        _ schema: ItemSchema, matching attributes: [String: String]
    ) throws(SecretServiceError) -> [SecretItem] {
        try memory.search(schema, matching: attributes, in: nil)
    }

    package func store(
        _ schema: ItemSchema, attributes: [String: String], label: String, secret: Secret,
        in collection: SecretService.Collection
    ) throws(SecretServiceError) {
        let isInMemory = try holds(schema, attributes)
        let stays = isInMemory && !choice.isMove && !Self.isPassword(schema, attributes)
        let place = stays ? .memory : choice.setting
        var stored: Void?
        if place != .memory {
            stored = try unlessMissing(place == .keyring) { () throws(SecretServiceError) in
                try keyring.store(schema, attributes: attributes, label: label, secret: secret, in: collection)
            }
        }
        if stored == nil {
            try memory.store(schema, attributes: attributes, label: label, secret: secret, in: .default)
            if choice.isMove { _ = try? keyring.delete(schema, exactly: attributes, in: nil) }
        } else if isInMemory {
            _ = try memory.delete(schema, exactly: attributes, in: nil)
        }
    }

    package func delete(
        _ schema: ItemSchema, exactly attributes: [String: String], in collection: SecretService.Collection?
    ) throws(SecretServiceError) -> Bool {
        var wasInMemory = false
        if collection != .session {
            do { wasInMemory = try memory.delete(schema, exactly: attributes, in: nil) } catch {
                if isTrouble(error) { throw error }
            }
        }
        if choice.setting == .memory { return wasInMemory }
        do throws(SecretServiceError) {
            let wasInKeyring = try unlessMissing(!wasInMemory && choice.setting == .keyring) {
                () throws(SecretServiceError) in
                try keyring.delete(schema, exactly: attributes, in: collection)
            }
            return wasInMemory || wasInKeyring == true
        } catch {
            // A password in a locked keyring would come back. A sign-in in memory is ended without the keyring.
            guard wasInMemory, !Self.isPassword(schema, attributes) else { throw error }
            return true
        }
    }

    package func probeWritable() throws(SecretServiceError) {
        if choice.setting != .memory {
            let probed: Void? = try unlessMissing(choice.setting == .keyring) { () throws(SecretServiceError) in
                try keyring.probeWritable()
            }
            if probed != nil { return }
        }
        try memory.probeWritable()
    }

    package var mayHaveMore: Bool {
        do {
            return try unlessMissing(false, { () throws(SecretServiceError) in try keyring.probeWritable() }) == nil
        } catch {
            if case .noCollection = error { return false }
            return true
        }
    }

    package var standsIn: Bool { choice.setting == .auto && keyringIsMissing }

    /// Does not ask the Secret Service about an item in kernel memory.
    package func savesLate(_ schema: ItemSchema, _ attributes: [String: String]) -> Bool {
        if choice.setting == .memory || (try? holds(schema, attributes)) == true { return false }
        return keyring.savesLate(schema, attributes)
    }

    package func ensureRoom(
        _ schema: ItemSchema, attributes: [String: String], bytes: Int
    ) throws(SecretServiceError) {
        if try holds(schema, attributes) { try memory.ensureRoom(schema, attributes: attributes, bytes: bytes) }
    }

    /// Whether there is no Secret Service. A locked or slow one is not missing.
    package var keyringIsMissing: Bool {
        do {
            return try unlessMissing(false, { () throws(SecretServiceError) in try keyring.probeWritable() }) == nil
        } catch {
            return false
        }
    }

    /// Whether the item is a stored password. A new one is always stored in the place of the setting, even if an older one
    /// is in the other place.
    private static func isPassword(_ schema: ItemSchema, _ attributes: [String: String]) -> Bool {
        schema.name.isSame(as: PasswordStore.schema.name)
            || attributes["kind"]?.isSame(as: PasswordEntry.kind) == true
    }

    private func holds(_ schema: ItemSchema, _ attributes: [String: String]) throws(SecretServiceError) -> Bool {
        do {
            return try memory.search(schema, matching: attributes, in: nil)
                .contains { $0.attributes.isSame(as: attributes) }
        } catch {
            if isTrouble(error) { throw error }
            return false
        }
    }

    /// Whether an error of kernel memory counts. There is nothing in a memory that this process may not use, but a full one
    /// hides what is there.
    private func isTrouble(_ error: SecretServiceError) -> Bool {
        switch choice.setting {
        case .memory: true
        case .auto: error == .kernelMemoryFull
        case .keyring: false
        }
    }

    /// The result of `body`; nil if there is no Secret Service, unless that is an error.
    private func unlessMissing<Result>(
        _ isError: Bool, _ body: () throws(SecretServiceError) -> Result
    ) throws(SecretServiceError) -> Result? {
        do {
            return try body()
        } catch {
            if !isError, error.isMissingService { return nil }
            throw error
        }
    }
}

extension SecretServiceError {
    /// Whether there is no Secret Service: no library for it, no session bus, or no provider on that.
    package var isMissingService: Bool {
        switch self {
        case .noBus, .noLibrary, .noProvider: true
        case .busRefused, .locked, .promptDismissed, .promptUnanswered, .notAskedAgain, .noCollection, .starting,
            .timedOut, .noKernelMemory, .kernelMemoryFull, .failed:
            false
        }
    }
}

/// The setting `store` that counts for this process. It is read when an item is first needed.
package final class StoreChoice: Sendable {
    private let read: @Sendable () -> StoreSetting?
    private let known: Mutex<StoreSetting?>
    /// Whether the user named the place for this sign-in, so that an item moves there.
    let isMove: Bool

    /// - Parameters:
    ///   - named: the place that the user named on the command line.
    ///   - read: the setting in the configuration.
    package init(named: StoreSetting? = nil, read: @escaping @Sendable () -> StoreSetting?) {
        self.read = read
        known = Mutex(named)
        isMove = named != nil
    }

    package var setting: StoreSetting {
        if let known = known.withLock({ $0 }) { return known }
        let setting = read() ?? .keyring
        known.withLock { $0 = setting }
        return setting
    }

    /// Uses `setting` from now on.
    package func use(_ setting: StoreSetting) { known.withLock { $0 = setting } }
}
