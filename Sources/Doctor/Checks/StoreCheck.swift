import Console
import KeyfobCore
import SecretService

/// There is a place for sign-ins: the Secret Service or kernel memory, as the setting `store` says.
struct StoreCheck: Check {
    let id = "store"
    let follows = ["collection"]
    let limit = Duration.seconds(4)

    func look(_ context: CheckContext) throws -> Finding {
        if let trouble = context.notes.read({ $0.keyringTrouble }) {
            return .skipped(because: trouble, "not checked, because \(trouble) failed")
        }
        let usesKeyring = context.parts.store == .keyring || context.notes.read { $0.hasCollection }
        if usesKeyring { return .ok("the keyring", ["place": .text("keyring")]) }
        try context.parts.memory.probeWritable()
        switch context.parts.memory.lifetime {
        case .sinceLastUse(let seconds):
            return .ok(
                "kernel memory, until a restart or \(Messages.span(Int64(seconds))) without use",
                ["place": .text("memory"), "forgotten_after_unused": .number(Int64(seconds))])
        case .untilRestart, nil: return .ok("kernel memory, at most until a restart", ["place": .text("memory")])
        }
    }
}

extension Finding {
    /// The finding of a check of the Secret Service if kernel memory takes its place.
    static let keyringNotNeeded = Finding.skipped(because: "store", "not needed: sign-ins are kept in kernel memory")
}
