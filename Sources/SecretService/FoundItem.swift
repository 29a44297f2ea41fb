import CLibsecret
import Secrets

/// A collection that the service told us of.
@safe
struct FoundCollection {
    let object: Owned

    init(_ object: Owned) { self.object = object }

    var isLocked: Bool { unsafe secret_collection_get_locked(object.pointer()) != 0 }
}

/// An item that a search found: what was read of it then; asking it makes no call.
@safe
struct FoundItem {
    let object: Owned

    /// The attributes, `xdg:schema` among them. Of a locked item they are hashes, or nothing.
    private let allAttributes: [String: String]

    init(_ object: Owned) {
        self.object = object
        allAttributes = unsafe TextTable.take(secret_item_get_attributes(object.pointer()))
    }

    /// The attribute in which libsecret, and whoever follows it, keeps a schema's name.
    private static let schemaAttribute = "xdg:schema"

    /// What GNOME Keyring says of an item whose schema it was not told, or has lost.
    private static let unknownSchema = "org.freedesktop.Secret.Generic"

    var isLocked: Bool { unsafe secret_item_get_locked(object.pointer()) != 0 }

    /// The attributes that the schema has. A service may show more: KeePassXC adds an entry's title, path and so on.
    func attributes(_ schema: ItemSchema) -> [String: String] {
        allAttributes.filter { schema.attributes[$0.key] != nil }
    }

    /// In seconds since 1970.
    var modified: UInt64 { unsafe UInt64(secret_item_get_modified(object.pointer())) }

    /// The D-Bus object path.
    var path: String {
        let path = unsafe g_dbus_proxy_get_object_path(object.pointer())
        return unsafe path.map { unsafe String(cString: $0) } ?? ""
    }

    /// What the search read, its secret included.
    func read(_ schema: ItemSchema) throws(CallFailure) -> SecretItem {
        guard let value = unsafe secret_item_get_secret(object.pointer()) else {
            throw .stale("the secret could not be decrypted")
        }
        defer { unsafe secret_value_unref(UnsafeMutableRawPointer(value)) }
        var length: gsize = 0
        let bytes = unsafe secret_value_get(value, &length)
        return SecretItem(
            attributes: attributes(schema), label: unsafe takeText(secret_item_get_label(object.pointer())),
            secret: unsafe Secret(UnsafeRawBufferPointer(start: bytes, count: Int(length))), modified: modified)
    }

    /// Whether the item is the one with these attributes of the schema, no fewer and no more.
    func isOf(_ schema: ItemSchema, exactly attributes: [String: String]) -> Bool {
        mayHave(schema) && self.attributes(schema) == attributes
    }

    /// False only if the item says that it is of another schema.
    func mayHave(_ schema: ItemSchema) -> Bool {
        guard let name = allAttributes[Self.schemaAttribute] else { return true }
        return name == schema.name || name == Self.unknownSchema || schema.otherNames.contains(name)
    }
}

/// A ``Secret`` on its way to the service, in memory that libsecret overwrites at the end.
@safe
final class Value {
    let pointer: OpaquePointer

    init(_ secret: Secret) {
        unsafe pointer = secret.withBytes { bytes in
            unsafe secret_value_new(
                bytes.baseAddress?.assumingMemoryBound(to: CChar.self), gssize(bytes.count), "text/plain")
        }
    }

    deinit { unsafe secret_value_unref(UnsafeMutableRawPointer(pointer)) }
}
