import CLibsecret
import Secrets

/// libsecret's view of the service, for the calls of one operation under one deadline.
@safe
struct Connection {
    let call: Call
    private let bus: Owned
    private let service: Owned

    /// The object path below which GNOME Keyring, oo7 and KWallet show the items of the session collection.
    private static let sessionCollection = "/org/freedesktop/secrets/collection/session/"

    init(_ call: Call) throws(CallFailure) {
        self.call = call
        bus = try SessionBus.connect(call)
        // No flags: loading all collections costs milliseconds for each item that they hold.
        let service = try unsafe call.perform { unsafe secret_service_get_sync(SECRET_SERVICE_NONE, $0, $1) }
        guard let service = unsafe service else { throw .final(.noProvider) }
        self.service = unsafe Owned(service)
    }

    /// Forgets the encrypted session, so that the next ``Connection`` makes a new one.
    static func forgetSession() {
        secret_service_disconnect()
    }

    /// All items that have the attributes, and maybe more, of this or another schema; of locked ones, and unless
    /// `loadingSecrets`, without secrets.
    func items(
        _ schema: ItemSchema, matching attributes: [String: String], loadingSecrets: Bool
    ) throws(CallFailure) -> [FoundItem] {
        let (reference, table) = (SchemaReference(schema), TextTable(attributes))
        var flags = SECRET_SEARCH_ALL.rawValue
        if loadingSecrets { flags |= SECRET_SEARCH_LOAD_SECRETS.rawValue }
        let list = try unsafe call.perform {
            unsafe secret_service_search_sync(
                service.pointer(), reference.pointer, table.pointer, SecretSearchFlags(rawValue: flags), $0, $1)
        }
        defer { unsafe g_list_free(list) }
        var items: [FoundItem] = []
        var node = unsafe list
        while let current = unsafe node {
            if let data = unsafe current.pointee.data {
                items.append(unsafe FoundItem(Owned(data.assumingMemoryBound(to: CLibsecret.SecretItem.self))))
            }
            unsafe node = current.pointee.next
        }
        return items
    }

    /// The collection that is to hold new items.
    ///
    /// GNOME Keyring without the alias `default` still has a `login` collection that it unlocked at login; a collection
    /// that libsecret would make, behind a prompt for a new password, is not what the caller asked for.
    func collection(_ collection: SecretService.Collection) throws(CallFailure) -> FoundCollection {
        let aliases =
            switch collection {
            case .default: ["default", "login"]
            case .session: ["session"]
            }
        for alias in aliases {
            if let found = try self.collection(alias: alias) { return found }
        }
        throw .final(.noCollection)
    }

    private func collection(alias: String) throws(CallFailure) -> FoundCollection? {
        do {
            let found = try unsafe call.perform {
                unsafe secret_collection_for_alias_sync(service.pointer(), alias, SECRET_COLLECTION_NONE, $0, $1)
            }
            return unsafe found.map { unsafe FoundCollection(Owned($0)) }
        } catch .stale {
            // The alias points to a collection that is no more.
            return nil
        }
    }

    /// Asks the person to unlock what holds the objects (items or collections); libsecret reports a dismissed prompt as
    /// nothing unlocked, without an error.
    func unlock(_ objects: [Owned]) throws(CallFailure) {
        var list: UnsafeMutablePointer<GList>?
        for object in objects { unsafe list = g_list_prepend(list, object.pointer(as: GDBusProxy.self)) }
        defer { unsafe g_list_free(list) }
        var unlocked: UnsafeMutablePointer<GList>?
        let count = try unsafe call.perform {
            unsafe secret_service_unlock_sync(service.pointer(), list, $0, &unlocked, $1)
        }
        unsafe g_list_free_full(unlocked, g_object_unref)
        guard count == objects.count else { throw .final(.promptDismissed) }
    }

    /// Makes a new item; `replacing` also lets the service overwrite one that has these attributes and more.
    func create(
        _ schema: ItemSchema, attributes: [String: String], label: String, secret: Secret,
        in collection: FoundCollection, replacing: Bool
    ) throws(CallFailure) {
        let (reference, table, value) = (SchemaReference(schema), TextTable(attributes), Value(secret))
        let item = try unsafe call.perform {
            unsafe secret_item_create_sync(
                collection.object.pointer(), reference.pointer, table.pointer, label, value.pointer,
                replacing ? SECRET_ITEM_CREATE_REPLACE : SECRET_ITEM_CREATE_NONE, $0, $1)
        }
        if let item = unsafe item { unsafe g_object_unref(item) }
    }

    func set(_ secret: Secret, of item: FoundItem) throws(CallFailure) {
        let value = Value(secret)
        _ = try unsafe call.perform { unsafe secret_item_set_secret_sync(item.object.pointer(), value.pointer, $0, $1) }
    }

    func delete(_ item: FoundItem) throws(CallFailure) {
        _ = try unsafe call.perform { unsafe secret_item_delete_sync(item.object.pointer(), $0, $1) }
    }

    /// Whether the item is in the session collection.
    func isInSession(_ item: FoundItem) -> Bool { item.path.hasPrefix(Self.sessionCollection) }
}
