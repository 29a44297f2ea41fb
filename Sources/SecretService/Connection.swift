import Bus
import CLibraries
import Secrets

/// A connection to the keyring for the calls of one operation, under one deadline. Objects are D-Bus paths, not
/// libsecret's proxies: a proxy costs two round trips, and for a collection it loads the paths of all items.
@safe
struct Connection {
    let call: Call
    let program: KeyringProgram
    private let bus: Owned
    private let service: Owned

    /// The path of the keyring's own object.
    private static let path = "/org/freedesktop/secrets"

    /// The keyring's name on the bus.
    static let name = "org.freedesktop.secrets"

    init(_ call: Call) throws(CallFailure) {
        self.call = call
        bus = try SessionBus.connect(call)
        program = try KeyringProgram.running(over: bus, call)
        // No flags: loading all collections costs milliseconds for each item in them.
        let service = try unsafe call.perform { unsafe secret_service_get_sync(SECRET_SERVICE_NONE, $0, $1) }
        guard let service = unsafe service else { throw .final(.noProvider) }
        self.service = unsafe Owned(service)
    }

    /// Drops the encrypted session, so that the next ``Connection`` creates a new one, perhaps with another program.
    static func forgetSession() {
        KeyringProgram.forget()
        secret_service_disconnect()
    }

    /// Returns the paths of all items that have at least these attributes, of any schema: locked items do not show
    /// theirs.
    func search(
        _ attributes: [String: String], in collection: SecretService.Collection?
    ) throws(CallFailure) -> (unlocked: [String], locked: [String]) {
        let table = Table(attributes)
        var unlocked: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?
        var locked: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?
        _ = try unsafe call.perform {
            unsafe secret_service_search_for_dbus_paths_sync(
                service.opaque, nil, table.pointer, $0, &unlocked, &locked, $1)
        }
        func isMeant(_ path: String) -> Bool { collection.map { FoundItem.isItem(path, in: $0) } ?? true }
        return unsafe (take(unlocked).filter(isMeant), take(locked).filter(isMeant))
    }

    /// Reads the properties of an unlocked item, without its secret.
    func item(at path: String) throws(CallFailure) -> FoundItem {
        let reply = try invoke(
            path, "org.freedesktop.DBus.Properties", "GetAll", [Variant("org.freedesktop.Secret.Item")])
        guard let properties = reply[0] else { throw .stale("the properties of \(path) cannot be read") }
        return FoundItem(path: path, properties: properties)
    }

    /// Returns the secrets of unlocked items, in the order of the paths.
    func secrets(of paths: [String]) throws(CallFailure) -> [Secret] {
        if paths.isEmpty { return [] }
        let table = try unsafe withList(paths) { list throws(CallFailure) in
            unsafe g_dbus_proxy_set_default_timeout(service.opaque, call.deadline.busTimeout)
            return try unsafe call.perform {
                unsafe secret_service_get_secrets_for_dbus_paths_sync(service.opaque, list, $0, $1)
                    .map { unsafe Table(taking: $0) }
            }
        }
        return try paths.map { path throws(CallFailure) in
            guard let value = unsafe table?[path] else { throw .stale("the secret could not be decrypted") }
            return unsafe Secret(copying: OpaquePointer(value))
        }
    }

    /// Finds the collection for new items. Returns its path and whether it is locked.
    ///
    /// If GNOME Keyring has no alias `default`, it still has a collection `login`, which it unlocked at login.
    /// libsecret would create a collection and prompt for a new password, which the caller did not ask for.
    ///
    /// - Throws: `.noCollection` if there is no collection.
    func find(_ collection: SecretService.Collection) throws(CallFailure) -> (path: String, isLocked: Bool) {
        let aliases =
            switch collection {
            case .default: ["default", "login"]
            case .session: ["session"]
            }
        for alias in aliases {
            let path = try unsafe call.perform {
                unsafe take(secret_service_read_alias_dbus_path_sync(service.opaque, alias, $0, $1))
            }
            guard let path, path != "/", let isLocked = try isLocked(path) else { continue }
            return (path, isLocked)
        }
        throw .final(.noCollection(program))
    }

    /// Whether the collection is locked; nil if it no longer exists: an alias may still point to it.
    private func isLocked(_ collection: String) throws(CallFailure) -> Bool? {
        do {
            return try property("Locked", of: collection, "Collection")?.truth
        } catch {
            guard case .stale = error else { throw error }
            return nil
        }
    }

    private func property(_ name: String, of path: String, _ interface: String) throws(CallFailure) -> Variant? {
        let arguments = [Variant("org.freedesktop.Secret." + interface), Variant(name)]
        return try invoke(path, "org.freedesktop.DBus.Properties", "Get", arguments)[0]
    }

    /// Unlocks items or collections, if that needs no answer of the user. Returns the path of the prompt otherwise.
    func unlock(_ paths: [String]) throws(CallFailure) -> String? {
        let reply = try invoke(
            Self.path, "org.freedesktop.Secret.Service", "Unlock", [Variant(paths: paths)])
        return reply[1]?.text.flatMap { $0 == "/" ? nil : $0 }
    }

    /// Whether the prompt for these items or collections ends by itself. KWallet shows a wallet that is open as locked until
    /// the first client has followed a prompt.
    func opensByItself(_ paths: [String]) throws(CallFailure) -> Bool {
        guard program == .kwallet else { return false }
        for collection in Set(paths.map(Self.collection)) {
            guard let wallet = try property("Label", of: collection, "Collection")?.text else { return false }
            var isOpen = false
            for version in ["5", "6"] where !isOpen {
                let name = "org.kde.kwalletd" + version
                guard try call.owner(of: name, over: bus) != nil else { continue }
                let reply = try call.message(
                    to: name, "/modules/kwalletd" + version, "org.kde.KWallet", "isOpen", [Variant(wallet)], over: bus)
                isOpen = reply[0]?.truth == true
            }
            if !isOpen { return false }
        }
        return true
    }

    /// The collection of an item, or the collection itself.
    private static func collection(of path: String) -> String {
        "/" + path.split(separator: "/").prefix(5).joined(separator: "/")
    }

    /// Whether all of these collections or items are unlocked.
    func areUnlocked(_ paths: [String]) throws(CallFailure) -> Bool {
        for path in paths {
            let interface = path == Self.collection(of: path) ? "Collection" : "Item"
            guard try property("Locked", of: path, interface)?.truth == false else { return false }
        }
        return true
    }

    /// Shows the prompt that ``unlock(_:)`` returned. Also ends if something else unlocks the paths.
    func follow(_ prompt: String, unlocking paths: [String]) throws(CallFailure) {
        if (try? areUnlocked(paths)) == true { return }
        try follow(prompt) { (try? areUnlocked(paths)) ?? false }
    }

    /// Creates an item. With `replacing`, the keyring may also overwrite an item that has these attributes and more.
    func create(
        _ schema: ItemSchema, attributes: [String: String], label: String, secret: Secret,
        in collection: String, replacing: Bool
    ) throws(CallFailure) {
        let properties = Variant(members: [
            "org.freedesktop.Secret.Item.Label": Variant(label),
            "org.freedesktop.Secret.Item.Attributes": Variant(
                attributes.merging([ItemSchema.attribute: schema.name]) { $1 }),
        ])
        let reply = try invoke(
            collection, "org.freedesktop.Secret.Collection", "CreateItem",
            [properties, encrypted(secret), Variant(replacing)])
        try prompt(reply[1])
    }

    /// Replaces the secret of an item and changes nothing else.
    func set(_ secret: Secret, of item: FoundItem) throws(CallFailure) {
        _ = try invoke(item.path, "org.freedesktop.Secret.Item", "SetSecret", [encrypted(secret)])
    }

    /// - Parameter mayPrompt: whether the keyring may ask the user. By default, KeePassXC opens a window then.
    func delete(_ item: FoundItem, mayPrompt: Bool) throws(CallFailure) {
        let reply = try invoke(item.path, "org.freedesktop.Secret.Item", "Delete", [])
        if !mayPrompt, let path = reply[0]?.text, path != "/" { throw .final(.locked) }
        try prompt(reply[0])
    }

    /// Encrypts a secret for the session.
    func encrypted(_ secret: Secret) throws(CallFailure) -> Variant {
        _ = try unsafe call.perform { unsafe secret_service_ensure_session_sync(service.opaque, $0, $1) }
        let value = Value(secret)
        guard let encrypted = unsafe secret_service_encode_dbus_secret(service.opaque, value.pointer) else {
            throw .stale("the secret could not be encrypted")
        }
        return unsafe Variant(encrypted)
    }

    /// Shows the prompt to the user, if the keyring answered a call with the path of a prompt.
    private func prompt(_ path: Variant?) throws(CallFailure) {
        guard let path = path?.text, path != "/" else { return }
        try follow(path) { false }
    }

    private func follow(_ path: String, isDone: () -> Bool) throws(CallFailure) {
        let ask = { () throws(CallFailure) in
            // The parent window is empty: keyfob has none.
            _ = try invoke(path, "org.freedesktop.Secret.Prompt", "Prompt", [Variant("")])
        }
        try Prompt(path: path, bus: bus, call: call).run(ask: ask, isDone: isDone)
    }

    /// Calls a method of the keyring.
    func invoke(
        _ path: String, _ interface: String, _ method: String, _ arguments: [Variant]
    ) throws(CallFailure) -> Variant {
        try unsafe call.message(
            to: String(cString: g_dbus_proxy_get_name(service.opaque)), path, interface, method, arguments,
            over: bus)
    }
}
