import SecretService

/// The keyring accepts an item.
struct WritableCheck: Check {
    let id = "writable"
    let needs = ["collection"]
    let limit = Duration.seconds(4)

    func look(_ context: CheckContext) throws -> Finding {
        context.notes.note { $0.keyringRefuses = true }
        let writing = try context.keyring.write()
        context.notes.note { $0.keyringRefuses = false }
        return switch writing {
        case .worked: .ok("an item was written and deleted again")
        case .asksFirst(.keepassxc):
            .ok("not tried: KeePassXC answers with a prompt, but opens no window for a new item")
        case .asksFirst:
            .warning(
                "not tried: the keyring asks before it accepts an item",
                hints: ["allow keyfob in the settings of the keyring, or answer its prompt at each refresh"])
        }
    }
}
