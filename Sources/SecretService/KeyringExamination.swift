import Bus
import CLibraries
import Glibc
import Secrets

/// Examines the keyring of the session step by step, as ``SecretService`` would use it, without asking the user
/// anything.
///
/// Each function blocks, at most until the deadline.
package struct KeyringExamination: Sendable {
    private let deadline: Duration

    /// Prepares the environment for the bus. Afterwards no thread changes it, so all threads may read it.
    package init(deadline: Duration = .seconds(3)) {
        self.deadline = deadline
        SessionBus.prepare()
    }

    /// The program that provides `org.freedesktop.secrets`.
    package struct Provider: Sendable, Equatable {
        package let kind: KeyringProgram
        /// The path of the program; nil if the system does not show it.
        package let program: String?
    }

    /// A collection of items.
    package struct Collection: Sendable, Equatable {
        package let isLocked: Bool
        /// Whether it is unlocked, but shows items as locked until the user has allowed this process to read them.
        package let asksForEachProcess: Bool
    }

    /// The result of a test write.
    package enum Writing: Sendable, Equatable {
        /// The test item was created and deleted again.
        case worked
        /// The keyring returned a prompt, which was dismissed.
        case asksFirst(KeyringProgram)
    }

    /// Connects to the session bus.
    package func connectToBus() throws(SecretServiceError) {
        try calling { call throws(CallFailure) in _ = try SessionBus.connect(call) }
    }

    /// Returns the program that provides the keyring. Starts it, if the bus can.
    package func provider() throws(SecretServiceError) -> Provider {
        try calling { call throws(CallFailure) in
            let bus = try SessionBus.connect(call)
            let kind = try Connection(call).program
            let reply = try call.message(
                to: Call.busName, "/", Call.busName, "GetConnectionUnixProcessID", [Variant(Connection.name)], over: bus
            )
            return Provider(kind: kind, program: reply[0]?.number.flatMap { Self.program(ofProcess: $0) })
        }
    }

    /// Returns the collection for new items.
    ///
    /// - Throws: `.noCollection` if there is none.
    package func collection(
        _ collection: SecretService.Collection
    ) throws(SecretServiceError) -> Collection {
        try calling { call throws(CallFailure) in
            let connection = try Connection(call)
            let found = try connection.find(collection)
            if found.isLocked, let prompt = try connection.unlock([found.path]) {
                guard try connection.opensByItself([found.path]) else {
                    return Collection(isLocked: true, asksForEachProcess: false)
                }
                try connection.follow(prompt, unlocking: [found.path])
            }
            let items = try connection.search([ItemSchema.attribute: Self.schema], in: collection)
            return Collection(isLocked: false, asksForEachProcess: !items.locked.isEmpty)
        }
    }

    /// Creates an item in the default collection and deletes it.
    ///
    /// - Throws: `.locked` if the collection is locked.
    package func write() throws(SecretServiceError) -> Writing {
        try calling { call throws(CallFailure) in
            let connection = try Connection(call)
            let found = try connection.find(.default)
            if found.isLocked { throw .final(.locked) }
            return try connection.writeProbe(in: found.path)
        }
    }

    /// Returns the names that a program on the bus owns, or that the bus can start.
    package func answering(among names: Set<String>) throws(SecretServiceError) -> Set<String> {
        try calling { call throws(CallFailure) in
            let bus = try SessionBus.connect(call)
            var known: Set<String> = []
            for method in ["ListNames", "ListActivatableNames"] {
                let reply = try call.message(to: Call.busName, "/", Call.busName, method, [], over: bus)
                known.formUnion(reply[0]?.list ?? [])
            }
            return names.intersection(known)
        }
    }

    /// The name of the schema of keyfob's own items.
    private static let schema = "org.keyfob.Item"

    private func calling<Result>(
        _ body: (Call) throws(CallFailure) -> Result
    ) throws(SecretServiceError) -> Result {
        guard SessionBus.isPossible else { throw .noLibrary }
        let deadline = Deadline(self.deadline)
        defer { deadline.end() }
        let patience = Patience(operation: self.deadline, start: .seconds(25), prompt: self.deadline)
        let call = Call(deadline: deadline, patience: patience)
        do {
            return try call.repeated { () throws(CallFailure) in try body(call) }
        } catch {
            throw error.reported
        }
    }

    private static func program(ofProcess process: UInt64) -> String? {
        var buffer = [CChar](repeating: 0, count: Int(PATH_MAX))
        let count = unsafe readlink("/proc/\(process)/exe", &buffer, buffer.count)
        guard count > 0 else { return nil }
        return String(decoding: buffer[..<count].map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}

extension Connection {
    /// Creates a test item that holds one zero byte, and deletes it. A prompt for either step is dismissed before the
    /// user sees it.
    fileprivate func writeProbe(in collection: String) throws(CallFailure) -> KeyringExamination.Writing {
        let properties = Variant(members: [
            "org.freedesktop.Secret.Item.Label": Variant("keyfob: may be deleted"),
            "org.freedesktop.Secret.Item.Attributes": Variant([ItemSchema.attribute: "org.keyfob.Probe"]),
        ])
        let made = try invoke(
            collection, "org.freedesktop.Secret.Collection", "CreateItem",
            [properties, encrypted(Secret([0])), Variant(true)])
        if try dismiss(made[1]) { return .asksFirst(program) }
        guard let item = made[0]?.text, item != "/" else { throw .stale("the new item has no path") }
        let deleted = try invoke(item, "org.freedesktop.Secret.Item", "Delete", [])
        _ = try dismiss(deleted[0])
        return .worked
    }

    /// Dismisses the prompt, if there is one. Returns whether there was one.
    private func dismiss(_ prompt: Variant?) throws(CallFailure) -> Bool {
        guard let path = prompt?.text, path != "/" else { return false }
        _ = try invoke(path, "org.freedesktop.Secret.Prompt", "Dismiss", [])
        return true
    }
}
