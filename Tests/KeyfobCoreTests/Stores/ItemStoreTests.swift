import CredentialProtocol
import Glibc
import KernelKeyring
import SecretService
import Secrets
import TestSupport
import Testing

@testable import KeyfobCore

/// A store that must behave as the Secret Service does, as far as grants and passwords need it.
enum TestedStore: String, CaseIterable, Sendable {
    case inMemory, kernel, chosenKeyring, chosenMemory

    /// Runs `body` with an empty store.
    func run(_ body: (any ItemStore) throws -> Void) throws {
        let name = "keyfob-test-items-\(getpid())-\(rawValue)-\(UInt32.random(in: 0...UInt32.max))"
        defer { KernelKeyring.existing(named: name)?.discard() }
        let kernel = KernelItems(keyring: name, in: [.user])
        switch self {
        case .inMemory: try body(InMemoryItemStore())
        case .kernel: try body(kernel)
        case .chosenKeyring:
            try body(ChosenItems(keyring: InMemoryItemStore(), memory: kernel, choice: StoreChoice { .keyring }))
        case .chosenMemory:
            try body(ChosenItems(keyring: InMemoryItemStore(), memory: kernel, choice: StoreChoice { .memory }))
        }
    }
}

@Suite struct `Every store of items` {
    private static let schema = ItemSchema(
        name: "org.keyfob.Test", attributes: ["kind": .string, "id": .string, "more": .string],
        otherNames: ["org.keyfob.Old"])

    private func store(_ store: any ItemStore, _ attributes: [String: String], _ secret: String) throws {
        try store.store(
            Self.schema, attributes: attributes, label: "label", secret: Secret(secret), in: .default)
    }

    private func secrets(_ store: any ItemStore, _ attributes: [String: String]) throws -> [String?] {
        try store.search(Self.schema, matching: attributes).map(\.secret.exposedText)
    }

    @Test(arguments: TestedStore.allCases)
    func `finds nothing before the first item`(_ tested: TestedStore) throws {
        try tested.run { store in
            #expect(try secrets(store, ["kind": "a"]).isEmpty)
            #expect(try !store.delete(Self.schema, exactly: ["kind": "a"], in: nil))
            try store.probeWritable()
            #expect(try secrets(store, [:]).isEmpty)
        }
    }

    @Test(arguments: TestedStore.allCases)
    func `replaces the item with exactly the same attributes, and no other`(_ tested: TestedStore) throws {
        try tested.run { store in
            try self.store(store, ["kind": "a", "id": "1"], "one")
            try self.store(store, ["kind": "a", "id": "1", "more": "x"], "more")
            try self.store(store, ["kind": "a", "id": "1"], "two")
            #expect(try Set(secrets(store, ["kind": "a"])) == ["two", "more"])
            #expect(try secrets(store, ["more": "x"]) == ["more"])
            #expect(try secrets(store, ["kind": "A"]).isEmpty)
        }
    }

    @Test(arguments: TestedStore.allCases)
    func `gives back attributes, label and the bytes of the secret`(_ tested: TestedStore) throws {
        let attributes = ["kind": "\u{FC} \"x\"\t\n/", "id": "", "more": "\u{1F511}"]
        let bytes = Secret((0...255).map { UInt8($0) } + [10, 10, 0])
        try tested.run { store in
            try store.store(Self.schema, attributes: attributes, label: "a \"label\"", secret: bytes, in: .default)
            let found = try store.search(Self.schema, matching: attributes)
            #expect(found.map(\.attributes) == [attributes])
            #expect(found.map(\.label) == ["a \"label\""])
            #expect(found.map(\.secret) == [bytes])
        }
    }

    @Test(arguments: TestedStore.allCases)
    func `compares attributes byte for byte`(_ tested: TestedStore) throws {
        try tested.run { store in
            try self.store(store, ["kind": "e\u{301}"], "decomposed")
            #expect(try secrets(store, ["kind": "\u{E9}"]).isEmpty == (tested != .inMemory && tested != .chosenKeyring))
        }
    }

    @Test(arguments: TestedStore.allCases)
    func `deletes the item with exactly these attributes`(_ tested: TestedStore) throws {
        try tested.run { store in
            try self.store(store, ["kind": "a"], "one")
            try self.store(store, ["kind": "a", "id": "1"], "two")
            #expect(try store.delete(Self.schema, exactly: ["kind": "a"], in: nil))
            #expect(try !store.delete(Self.schema, exactly: ["kind": "a"], in: nil))
            #expect(try secrets(store, [:]) == ["two"])
        }
    }

    @Test(arguments: TestedStore.allCases)
    func `keeps the items of another schema apart`(_ tested: TestedStore) throws {
        let other = ItemSchema(name: "org.keyfob.Other", attributes: ["kind": .string])
        try tested.run { store in
            try self.store(store, ["kind": "a"], "ours")
            try store.store(other, attributes: ["kind": "a"], label: "", secret: Secret("theirs"), in: .default)
            #expect(try secrets(store, ["kind": "a"]) == ["ours"])
            #expect(try store.delete(other, exactly: ["kind": "a"], in: nil))
            #expect(try secrets(store, ["kind": "a"]) == ["ours"])
        }
    }

    @Test func `in kernel memory lists the newest first, also within a second`() throws {
        let name = "keyfob-test-items-\(getpid())-order"
        defer { KernelKeyring.existing(named: name)?.discard() }
        for (moment, id) in [(5, "b"), (7, "c"), (1, "a")] as [(Int64, String)] {
            let items = KernelItems(keyring: name, in: [.user], now: { moment })
            try store(items, ["kind": "k", "id": id], id)
        }
        #expect(try secrets(KernelItems(keyring: name, in: [.user]), ["kind": "k"]) == ["c", "b", "a"])
    }

    @Test func `in kernel memory have another generation after each change`() throws {
        let name = "keyfob-test-items-\(getpid())-generation"
        defer { KernelKeyring.existing(named: name)?.discard() }
        let items = KernelItems(keyring: name, in: [.user])
        let first = try #require(items.generation)
        #expect(items.generation == first)
        try store(items, ["kind": "k", "id": "a"], "a")
        let second = try #require(items.generation)
        try store(items, ["kind": "k", "id": "a"], "b")
        #expect(Set([first, second, items.generation]).count == 3)
        #expect(try secrets(items, ["kind": "k"]) == ["b"])
    }
}

@Suite struct `The place of an item` {
    private let keyring = InMemoryItemStore()
    private let memory = InMemoryItemStore()

    private func items(_ setting: StoreSetting, named: StoreSetting? = nil) -> ChosenItems {
        ChosenItems(keyring: keyring, memory: memory, choice: StoreChoice(named: named, read: { setting }))
    }

    private func store(_ items: ChosenItems, _ secret: String = "s", id: String = "1") throws {
        try items.store(
            GrantStore.schema, attributes: ["kind": "grant", "id": id], label: "", secret: Secret(secret), in: .default)
    }

    private func found(_ items: ChosenItems, id: String = "1") throws -> [String?] {
        try items.search(GrantStore.schema, matching: ["kind": "grant", "id": id]).map(\.secret.exposedText)
    }

    static let absences: [SecretServiceError] = [.noBus("no address"), .noLibrary, .noProvider]
    static let troubles: [SecretServiceError] = [
        .locked, .promptDismissed, .promptUnanswered(seconds: 60), .noCollection(.kwallet), .starting(seconds: 25),
        .timedOut(seconds: 3), .failed("odd"),
    ]

    @Test(arguments: [(.keyring, 1, 0), (.auto, 1, 0), (.memory, 0, 1)] as [(StoreSetting, Int, Int)])
    func `follows the setting`(_ setting: StoreSetting, _ inKeyring: Int, _ inMemory: Int) throws {
        try store(items(setting))
        #expect((keyring.items.count, memory.items.count) == (inKeyring, inMemory))
        #expect(try found(items(setting)) == ["s"])
    }

    @Test(arguments: absences)
    func `is kernel memory with auto if there is no Secret Service`(_ absence: SecretServiceError) throws {
        keyring.fail(absence)
        let items = items(.auto)
        try items.probeWritable()
        try store(items)
        #expect(try found(items) == ["s"])
        #expect(items.keyringIsMissing)
        #expect(try items.delete(GrantStore.schema, exactly: ["kind": "grant", "id": "1"], in: nil))
        #expect(memory.items.isEmpty)
    }

    @Test(arguments: troubles)
    func `is never kernel memory because a Secret Service fails`(_ trouble: SecretServiceError) throws {
        keyring.fail(trouble)
        let items = items(.auto)
        #expect(throws: trouble) { try items.probeWritable() }
        #expect(throws: trouble) { try store(items) }
        #expect(throws: trouble) { try found(items) }
        #expect(!items.keyringIsMissing)
        #expect(memory.items.isEmpty)
    }

    @Test(arguments: absences + troubles)
    func `is not kernel memory without the setting`(_ trouble: SecretServiceError) throws {
        keyring.fail(trouble)
        #expect(throws: trouble) { try store(items(.keyring)) }
        #expect(throws: trouble) { try found(items(.keyring)) }
        #expect(throws: trouble) { try items(.keyring).probeWritable() }
        #expect(memory.items.isEmpty)
    }

    @Test(arguments: absences + troubles)
    func `is found in kernel memory although the Secret Service fails`(_ trouble: SecretServiceError) throws {
        try store(items(.memory))
        keyring.fail(trouble)
        #expect(try found(items(.keyring)) == ["s"])
        try store(items(.keyring), "renewed")
        #expect(memory.items.map(\.secret.exposedText) == ["renewed"])
    }

    @Test func `stays where it is`() throws {
        try store(items(.memory), "old")
        try store(items(.keyring), "new")
        #expect((keyring.items.count, memory.items.map(\.secret.exposedText)) == (0, ["new"]))
    }

    @Test func `of a password is the one of the setting, wherever an older one is`() throws {
        let passwords = { setting in PasswordStore(items: items(setting)) }
        var request = try CredentialRequest(url: "https://u@a.example")
        request.password = Secret("old")
        try passwords(.memory).store(request)
        request.password = Secret("new")
        try passwords(.keyring).store(request)
        #expect((keyring.items.map(\.secret.exposedText), memory.items.count) == (["new"], 0))
    }

    @Test func `moves to the place that the user names`() throws {
        try store(items(.memory), "old")
        try store(items(.memory, named: .keyring), "new")
        #expect((keyring.items.map(\.secret.exposedText), memory.items.count) == (["new"], 0))
        try store(items(.keyring, named: .memory), "newer")
        #expect((keyring.items.count, memory.items.map(\.secret.exposedText)) == (0, ["newer"]))
    }

    @Test func `The setting memory asks no Secret Service`() throws {
        keyring.fail(.failed("asked"))
        let items = items(.memory)
        try items.probeWritable()
        try store(items)
        #expect(try found(items) == ["s"])
        #expect(try items.delete(GrantStore.schema, exactly: ["kind": "grant", "id": "1"], in: nil))
    }

    @Test func `A list has the items of both places`() throws {
        try store(items(.memory), "memory", id: "1")
        try store(items(.keyring), "keyring", id: "2")
        let all = try items(.keyring).search(GrantStore.schema, matching: ["kind": "grant"])
        #expect(Set(all.map(\.secret.exposedText)) == ["memory", "keyring"])
        keyring.fail(.locked)
        #expect(throws: SecretServiceError.locked) {
            try items(.keyring).search(GrantStore.schema, matching: ["kind": "grant"])
        }
    }
    @Test(arguments: absences + troubles)
    func `Sign-ins in kernel memory are in sight although the Secret Service cannot be read`(
        _ trouble: SecretServiceError
    ) throws {
        let grant = Grant.example(of: try .example())
        let grants = GrantStore(items: items(.keyring))
        keyring.fail(trouble)
        if trouble.isMissingService {
            #expect(try grants.allInSight().grants.isEmpty)
        } else {
            #expect(throws: trouble) { try grants.allInSight() }
        }
        try GrantStore(items: items(.memory)).save(grant)
        let (found, unseen) = try grants.allInSight()
        #expect(found.map(\.grant) == [grant])
        // With a grant in kernel memory, the lack of a Secret Service is no problem.
        #expect(unseen == (trouble.isMissingService ? nil : trouble))
    }
}
