import Bus
import CLibraries
import Secrets

/// An item that a search found in an unlocked collection, with its properties at that time.
struct FoundItem {
    /// The D-Bus object path.
    let path: String

    let label: String

    /// In seconds since 1970.
    let modified: UInt64

    /// The path of the collection below which the keyring shows the item.
    var collection: Substring { path[..<(path.utf8.lastIndex(of: UInt8(ascii: "/")) ?? path.endIndex)] }

    /// All attributes, including `xdg:schema`.
    private let allAttributes: [String: String]

    /// Reads the properties of the interface `org.freedesktop.Secret.Item`.
    init(path: String, properties: Variant) {
        self.path = path
        label = properties["Label"]?.text ?? ""
        modified = properties["Modified"]?.number ?? 0
        allAttributes = properties["Attributes"]?.texts ?? [:]
    }

    /// The attributes that belong to the schema. A keyring may show more: KeePassXC adds an entry's title, path and so
    /// on.
    func attributes(_ schema: ItemSchema) -> [String: String] {
        allAttributes.filter { schema.attributes[$0.key] != nil }
    }

    /// Whether the item may be of the schema and has exactly these attributes of it.
    func isOf(_ schema: ItemSchema, exactly attributes: [String: String]) -> Bool {
        mayHave(schema) && self.attributes(schema).isSame(as: attributes)
    }

    /// The path below which GNOME Keyring, oo7 and KWallet show the items of the session collection.
    private static let sessionCollection = "/org/freedesktop/secrets/collection/session/"

    /// Whether the item is in the session collection, or for `default`, in any other collection.
    func isIn(_ collection: SecretService.Collection) -> Bool { Self.isItem(path, in: collection) }

    /// The same for the path of an item, which may be locked.
    static func isItem(_ path: String, in collection: SecretService.Collection) -> Bool {
        path.hasPrefix(sessionCollection) == (collection == .session)
    }

    /// Returns false only if the item names another schema.
    func mayHave(_ schema: ItemSchema) -> Bool {
        guard let name = allAttributes[ItemSchema.attribute] else { return true }
        return name == ItemSchema.unknown || schema.includes(name)
    }
}

extension ItemSchema {
    /// The attribute in which libsecret and compatible programs store a schema's name.
    static let attribute = "xdg:schema"

    /// The name of the schema of an item that was stored without one.
    static let unknown = "org.freedesktop.Secret.Generic"
}

/// A ``Secret`` on its way to or from the keyring, in memory that libsecret overwrites when it is released.
@safe
final class Value {
    let pointer: OpaquePointer

    init(_ secret: Secret) {
        unsafe pointer = secret.withBytes { bytes in
            unsafe secret_value_new(
                bytes.baseAddress?.assumingMemoryBound(to: CChar.self), bytes.count, "text/plain")
        }
    }

    deinit { unsafe secret_value_unref(UnsafeMutableRawPointer(pointer)) }
}

extension Secret {
    /// Copies a SecretValue, which the caller still owns.
    init(copying value: OpaquePointer) {
        var length = 0
        let bytes = unsafe secret_value_get(value, &length)
        unsafe self.init(UnsafeRawBufferPointer(start: bytes, count: length))
    }
}
