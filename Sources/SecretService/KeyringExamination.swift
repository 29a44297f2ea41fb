import CLibsecret
import Glibc
import Secrets

/// Looks at the keyring of the session step by step, as ``SecretService`` would use it, without asking the person anything.
///
/// Each look blocks, none longer than the deadline.
package struct KeyringExamination: Sendable {
    private let deadline: Duration

    /// Settles what the environment says of the bus: afterwards nobody changes it, and all may read it at once.
    package init(deadline: Duration = .seconds(3)) {
        self.deadline = deadline
        SessionBus.prepare()
    }

    /// Whoever provides `org.freedesktop.secrets`.
    package struct Provider: Sendable, Equatable {
        /// The path of its program; nil where the system does not show it.
        package let program: String?
    }

    /// A collection of items.
    package struct Collection: Sendable, Equatable {
        package let isLocked: Bool
    }

    /// What came of an attempt to write.
    package enum Writing: Sendable, Equatable {
        /// The item was made, and is gone again.
        case worked
        /// The service wants to ask the person first; it was not let.
        case asksFirst
    }

    /// Connects to the session bus.
    package func connectToBus() throws(SecretServiceError) {
        try calling { call throws(CallFailure) in _ = try SessionBus.connect(call) }
    }

    /// Who keeps secrets. Starts it, where the bus knows how.
    package func provider() throws(SecretServiceError) -> Provider {
        try calling { call throws(CallFailure) in
            let bus = try SessionBus.connect(call)
            _ = try Connection(call)
            let reply = try call.message(
                to: Self.busName, "/", Self.busName, "GetConnectionUnixProcessID",
                [Variant("org.freedesktop.secrets")], over: bus)
            return Provider(program: reply[0]?.number.flatMap { Self.program(ofProcess: $0) })
        }
    }

    /// The collection that is to hold new items.
    ///
    /// - Throws: `.noCollection` where there is none.
    package func collection(
        _ collection: SecretService.Collection
    ) throws(SecretServiceError) -> Collection {
        try calling { call throws(CallFailure) in
            Collection(isLocked: try Connection(call).find(collection).isLocked)
        }
    }

    /// Makes an item in the default collection, and deletes it.
    package func write() throws(SecretServiceError) -> Writing {
        try calling { call throws(CallFailure) in
            let connection = try Connection(call)
            let found = try connection.find(.default)
            if found.isLocked { throw .final(.locked) }
            return try connection.writeProbe(in: found.path)
        }
    }

    /// Those of the names on the bus that somebody has, or that the bus would start.
    package func answering(among names: Set<String>) throws(SecretServiceError) -> Set<String> {
        try calling { call throws(CallFailure) in
            let bus = try SessionBus.connect(call)
            var known: Set<String> = []
            for method in ["ListNames", "ListActivatableNames"] {
                let reply = try call.message(to: Self.busName, "/", Self.busName, method, [], over: bus)
                known.formUnion(reply[0]?.list ?? [])
            }
            return names.intersection(known)
        }
    }

    /// The name, and the interface, of the bus itself.
    private static let busName = "org.freedesktop.DBus"

    private func calling<Result>(
        _ body: (Call) throws(CallFailure) -> Result
    ) throws(SecretServiceError) -> Result {
        let deadline = Deadline(self.deadline)
        defer { deadline.end() }
        do { return try body(Call(deadline: deadline)) } catch { throw error.reported }
    }

    private static func program(ofProcess process: UInt64) -> String? {
        var buffer = [CChar](repeating: 0, count: Int(PATH_MAX))
        let count = unsafe readlink("/proc/\(process)/exe", &buffer, buffer.count)
        guard count > 0 else { return nil }
        return String(decoding: buffer[..<count].map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}

extension Connection {
    /// Makes an item that holds nothing, and deletes it. A prompt, which may stand before either, is dismissed unseen.
    fileprivate func writeProbe(in collection: String) throws(CallFailure) -> KeyringExamination.Writing {
        let properties = Variant(members: [
            "org.freedesktop.Secret.Item.Label": Variant("keyfob: may be deleted"),
            "org.freedesktop.Secret.Item.Attributes": Variant([ItemSchema.attribute: "org.keyfob.Probe"]),
        ])
        let made = try invoke(
            collection, "org.freedesktop.Secret.Collection", "CreateItem",
            [properties, encrypted(Secret([0])), Variant(true)])
        if try dismiss(made[1]) { return .asksFirst }
        guard let item = made[0]?.text, item != "/" else { throw .stale("the new item has no path") }
        let deleted = try invoke(item, "org.freedesktop.Secret.Item", "Delete", [])
        _ = try dismiss(deleted[0])
        return .worked
    }

    /// Whether there was a prompt.
    private func dismiss(_ prompt: Variant?) throws(CallFailure) -> Bool {
        guard let path = prompt?.text, path != "/" else { return false }
        _ = try invoke(path, "org.freedesktop.Secret.Prompt", "Dismiss", [])
        return true
    }
}
