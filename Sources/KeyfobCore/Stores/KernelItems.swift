import Files
import Glibc
import JSON
package import KernelKeyring
package import SecretService
package import Secrets
import Synchronization

/// Items in kernel memory, for machines without a Secret Service. Nothing is written to a disk.
///
/// Each item is one key in the keyring `keyfob-items` of the user's persistent keyring, which outlives a logout. The kernel
/// forgets it three days after its last use, and at a restart. If the kernel has no persistent keyrings, the items are in
/// the user keyring, which ends at a restart, and before Linux 5.3 with the user's last process.
///
/// Every process of the user can read the items, as it can read an unlocked keyring. Other users cannot.
package struct KernelItems: ItemStore {
    private let name: String
    private let parents: [KernelKeyring.Parent]
    private let now: @Sendable () -> Int64

    /// - Parameters:
    ///   - keyring: another keyring than the user's own, for tests.
    ///   - parents: the keyrings in which it may be, the preferred one first.
    ///   - now: milliseconds since 1970-01-01 UTC.
    package init(
        keyring: String = KeyNames.items, in parents: [KernelKeyring.Parent] = [.persistent, .user],
        now: @escaping @Sendable () -> Int64 = { WallClock.milliseconds }
    ) {
        (name, self.parents, self.now) = (keyring, parents, now)
    }

    /// The lifetime of the items.
    package enum Lifetime: Sendable, Equatable {
        /// This many seconds from the last use, and at most until the machine restarts.
        case sinceLastUse(seconds: Int)
        /// At most until the machine restarts.
        case untilRestart
    }

    /// The lifetime of new items; nil if the kernel keeps none.
    package var lifetime: Lifetime? {
        guard let parent = parents.first(where: { (try? KernelKeyring.open(named: name, in: $0)) != nil }) else {
            return nil
        }
        return parent == .persistent ? .sinceLastUse(seconds: KernelKeyring.persistentLifetime) : .untilRestart
    }

    package func search(
        _ schema: ItemSchema, matching attributes: [String: String], in collection: SecretService.Collection?
    ) throws(SecretServiceError) -> [SecretItem] {
        var found: [KernelItem] = []
        for keyring in try readable() {
            let values = try makingRoom { () throws(KernelKeyringError) in try keyring.values() }
            found += values.compactMap { KernelItem($0) }
        }
        return found.filter { schema.includes($0.schema) && attributes.isContained(in: $0.attributes) }
            .sorted { $0.changedAt > $1.changedAt }.map(\.item)
    }

    package func store(
        _ schema: ItemSchema, attributes: [String: String], label: String, secret: Secret,
        in collection: SecretService.Collection
    ) throws(SecretServiceError) {
        let moment = UInt64(clamping: now())
        let item = KernelItem(
            schema: schema.name, attributes: attributes, label: label, changedAt: moment, secret: secret)
        let payload = item.payload
        let key = Self.key(schema.name, attributes)
        endGeneration()
        let reserve = Self.reserves.withLock { $0.removeValue(forKey: name + key) }
        if reserve.map({ $0.keyring.adopt(key, payload, from: $0.place) }) != true {
            // The kernel changes no key of more than a page in place. Then the reserve was deleted, and its space is free a
            // moment later.
            try makingRoom(tries: 1_000, isFreed: reserve != nil) { () throws(KernelKeyringError) in
                try keyring().write(key, payload, lifetime: nil)
            }
        }
        for other in schema.otherNames { for keyring in keyrings { keyring.remove(Self.key(other, attributes)) } }
        _ = beginGeneration()
    }

    /// The generation of the items, for ``PasswordRoute``; a new one if there is none. Nil if the kernel refuses.
    package var generation: String? {
        keyrings.lazy.compactMap { $0.read(KeyNames.generation)?.exposedText }.first ?? beginGeneration()
    }

    /// Without a generation, no door answers. So none answers between the end of one and the beginning of the next.
    private func endGeneration() { keyrings.forEach { $0.remove(KeyNames.generation) } }

    private func beginGeneration() -> String? {
        let generation = String(UInt64.random(in: .min ... .max), radix: 36)
        guard let keyring = try? keyring() else { return nil }
        return (try? keyring.write(KeyNames.generation, Secret(generation), lifetime: nil)).map { generation }
    }

    package func delete(
        _ schema: ItemSchema, exactly attributes: [String: String], in collection: SecretService.Collection?
    ) throws(SecretServiceError) -> Bool {
        let keyrings = try readable()
        let keys = schema.otherNames.union([schema.name]).map { Self.key($0, attributes) }
        var wasThere = false
        for keyring in keyrings { for key in keys where keyring.remove(key) { wasThere = true } }
        return wasThere
    }

    package func probeWritable() throws(SecretServiceError) { try probe(bytes: 4096) }

    package func ensureRoom(
        _ schema: ItemSchema, attributes: [String: String], bytes: Int
    ) throws(SecretServiceError) {
        let key = Self.key(schema.name, attributes)
        try makingRoom { () throws(KernelKeyringError) in
            let reserve = Reserve(keyring: try keyring(), place: try KernelKeyring.open())
            // The heading of the item, and a new refresh token that is longer than the old one.
            try reserve.place.reserve(key, bytes: bytes + min(bytes / 4, 1024) + 512, lifetime: 120)
            Self.reserves.withLock { $0[name + key] = reserve }
        }
    }

    /// A key for the next value of an item. A key that is only tried and deleted would be no promise: the kernel frees it some
    /// time later, on a busy machine after seconds.
    private struct Reserve {
        /// The keyring of the item. To find it needs a key, too: the keyring of the thread.
        let keyring: KernelKeyring
        /// Where the key is until then, under the name of the item.
        let place: KernelKeyring
    }

    /// The reserves of this process, by the names of keyring and key.
    private static let reserves = Mutex<[String: Reserve]>([:])

    /// Writes a key of this size and ``keysOfChange`` in all, and deletes them. The quota counts keys and bytes.
    private func probe(bytes: Int) throws(SecretServiceError) {
        let names = (1...Self.keysOfChange).map { "probe\($0)" }
        defer { for keyring in keyrings { names.forEach { keyring.remove($0) } } }
        for (index, name) in names.enumerated() {
            let probe = Secret([UInt8](repeating: 0, count: index == 0 ? bytes : 16))
            try makingRoom { () throws(KernelKeyringError) in try keyring().write(name, probe, lifetime: 1) }
        }
    }

    /// The number of keys that a new grant needs: the item, its copy in the journal, the generation, the access token, and the
    /// keyrings of the threads that write them.
    private static let keysOfChange = 6

    /// The existing keyrings.
    ///
    /// - Throws: also if one of them may be there and cannot be read: it is not empty then.
    private func readable() throws(SecretServiceError) -> [KernelKeyring] {
        var found: [KernelKeyring] = []
        for parent in parents {
            let keyring = try makingRoom { () throws(KernelKeyringError) in
                try KernelKeyring.found(named: name, in: parent)
            }
            if let keyring { found.append(keyring) }
        }
        return found
    }

    /// The existing keyrings that can be read.
    private var keyrings: [KernelKeyring] { parents.compactMap { KernelKeyring.existing(named: name, in: $0) } }

    /// The keyring for new items.
    private func keyring() throws(KernelKeyringError) -> KernelKeyring {
        var refusal = KernelKeyringError.unavailable(errno: ENOSYS)
        for parent in parents {
            do throws(KernelKeyringError) {
                return try KernelKeyring.open(named: name, in: parent)
            } catch {
                guard case .unavailable = error else { throw error }
                refusal = error
            }
        }
        throw refusal
    }

    /// Runs `body`. If the quota is used up, deletes what only saves time, and tries again. The kernel frees the space of a
    /// deleted key some milliseconds later.
    ///
    /// - Parameters:
    ///   - most: the number of tries, 5 ms each.
    ///   - isFreed: whether something has been deleted for this just now.
    private func makingRoom<Result>(
        tries most: Int = 20, isFreed: Bool = false, _ body: () throws(KernelKeyringError) -> Result
    ) throws(SecretServiceError) -> Result {
        var tries = 1
        while true {
            do throws(KernelKeyringError) {
                return try body()
            } catch {
                guard error == .quotaExceeded, tries > 1 || KernelAccessTokenCache.makeRoom() || isFreed, tries < most
                else {
                    throw SecretServiceError(error)
                }
                tries += 1
                usleep(5000)
            }
        }
    }

    /// One key for each set of attributes: a new value replaces the old one in one step. A digest, because descriptions
    /// count for the quota, and other users can read them.
    static func key(_ schema: String, _ attributes: [String: String]) -> String {
        "item:" + Account.digest([schema] + attributes.sorted { $0.key < $1.key }.flatMap { [$0.key, $0.value] })
    }
}

extension SecretServiceError {
    init(_ error: KernelKeyringError) {
        self =
            switch error {
            case .unavailable(let code): .noKernelMemory(errno: code)
            case .quotaExceeded: .kernelMemoryFull
            case .failed(_, let code): .noKernelMemory(errno: code)
            }
    }
}

/// One item as the payload of a key: a line of JSON, then the bytes of the secret.
private struct KernelItem {
    var schema: String
    var attributes: [String: String]
    var label: String
    /// In milliseconds since 1970-01-01 UTC, to find the newest of two items.
    var changedAt: UInt64
    var secret: Secret

    /// The version of the first line.
    private static let version: Int64 = 1

    var item: SecretItem {
        SecretItem(attributes: attributes, label: label, secret: secret, modified: changedAt / 1000, isInKernel: true)
    }

    var payload: Secret {
        let members = attributes.map { JSON.Member(name: $0.key, value: .string($0.value)) }
        let heading = JSON.object([
            "version": .integer(Self.version), "schema": .string(schema), "attributes": .object(members),
            "label": .string(label), "changedAt": .integer(Int64(clamping: changedAt)),
        ])
        return Secret(heading.line + secret.exposedBytes)
    }

    init(schema: String, attributes: [String: String], label: String, changedAt: UInt64, secret: Secret) {
        (self.schema, self.attributes, self.label, self.changedAt) = (schema, attributes, label, changedAt)
        self.secret = secret
    }

    /// Returns nil for anything but the result of ``payload`` of this version.
    init?(_ payload: Secret) {
        let bytes = payload.exposedBytes
        guard let end = bytes.firstIndex(of: UInt8(ascii: "\n")), let heading = JSON.parse(Array(bytes[..<end])),
            heading["version"]?.integer == Self.version, let schema = heading["schema"]?.text,
            case .object(let members)? = heading["attributes"], let label = heading["label"]?.text,
            let changedAt = heading["changedAt"]?.integer
        else { return nil }
        let attributes = members.compactMap { member in member.value.text.map { (member.name, $0) } }
        guard attributes.count == members.count else { return nil }
        self.init(
            schema: schema, attributes: Dictionary(attributes) { first, _ in first }, label: label,
            changedAt: UInt64(clamping: changedAt), secret: Secret(Array(bytes[(end + 1)...])))
    }
}

extension [String: String] {
    /// Whether `other` has all these values, byte for byte.
    fileprivate func isContained(in other: [String: String]) -> Bool {
        allSatisfy { name, value in other[name]?.isSame(as: value) == true }
    }
}
