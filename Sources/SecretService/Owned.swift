import CLibsecret

/// A reference to a GObject that is ours to give back.
@safe
final class Owned {
    private let address: UnsafeMutableRawPointer

    /// Takes over the reference that `pointer` carries.
    init<Object>(_ pointer: UnsafeMutablePointer<Object>) {
        unsafe address = UnsafeMutableRawPointer(pointer)
    }

    /// The same, for a type whose members GLib keeps to itself.
    init(_ pointer: OpaquePointer) {
        unsafe address = UnsafeMutableRawPointer(pointer)
    }

    deinit { unsafe g_object_unref(address) }

    /// The object as one of the types that it has by inheritance. Valid while this reference lives.
    func pointer<Object>(as _: Object.Type = Object.self) -> UnsafeMutablePointer<Object> {
        unsafe address.assumingMemoryBound(to: Object.self)
    }
}

/// A GHashTable of texts that is ours to give back.
@safe
final class TextTable {
    let pointer: OpaquePointer

    init(_ texts: [String: String]) {
        unsafe pointer = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free)
        for (key, value) in texts { unsafe g_hash_table_insert(pointer, g_strdup(key), g_strdup(value)) }
    }

    deinit { unsafe g_hash_table_unref(pointer) }

    /// Reads a table of texts and gives it back.
    static func take(_ table: OpaquePointer?) -> [String: String] {
        guard let table = unsafe table else { return [:] }
        defer { unsafe g_hash_table_unref(table) }
        var texts: [String: String] = [:]
        var iterator = unsafe GHashTableIter()
        unsafe g_hash_table_iter_init(&iterator, table)
        var key: gpointer?
        var value: gpointer?
        while unsafe g_hash_table_iter_next(&iterator, &key, &value) != 0 {
            guard let key = unsafe key, let value = unsafe value else { continue }
            let (name, text) = unsafe (
                key.assumingMemoryBound(to: CChar.self), value.assumingMemoryBound(to: CChar.self)
            )
            unsafe texts[String(cString: name)] = String(cString: text)
        }
        return texts
    }
}

/// libsecret's form of an ``ItemSchema``.
@safe
final class SchemaReference {
    let pointer: UnsafeMutablePointer<SecretSchema>

    init(_ schema: ItemSchema) {
        let kinds = unsafe g_hash_table_new_full(g_str_hash, g_str_equal, g_free, nil)
        defer { unsafe g_hash_table_unref(kinds) }
        for (name, kind) in schema.attributes {
            let type = kind == .integer ? SECRET_SCHEMA_ATTRIBUTE_INTEGER : SECRET_SCHEMA_ATTRIBUTE_STRING
            // GINT_TO_POINTER, which is a macro; 0, the string, is the null pointer.
            unsafe g_hash_table_insert(kinds, g_strdup(name), gpointer(bitPattern: UInt(type.rawValue)))
        }
        unsafe pointer = secret_schema_newv(schema.name, SECRET_SCHEMA_DONT_MATCH_NAME, kinds)
    }

    deinit { unsafe secret_schema_unref(pointer) }
}

/// Gives back a text of GLib's and returns a copy.
func takeText(_ text: UnsafeMutablePointer<CChar>?) -> String {
    guard let text = unsafe text else { return "" }
    defer { unsafe g_free(text) }
    return unsafe String(cString: text)
}
