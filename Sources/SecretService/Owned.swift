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

    /// The same, for a type whose members GLib keeps to itself.
    var opaque: OpaquePointer { unsafe OpaquePointer(address) }
}

/// A GHashTable with texts as keys that is ours to give back.
@safe
final class Table {
    let pointer: OpaquePointer

    /// A table of texts.
    init(_ texts: [String: String]) {
        unsafe pointer = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free)
        for (key, value) in texts { unsafe g_hash_table_insert(pointer, g_strdup(key), g_strdup(value)) }
    }

    /// Takes over a table that a call returned.
    init(taking table: OpaquePointer) { unsafe pointer = table }

    deinit { unsafe g_hash_table_unref(pointer) }

    /// The value, which the table keeps.
    subscript(key: String) -> gpointer? { unsafe g_hash_table_lookup(pointer, key) }
}

/// Lends texts as a list that ends with a null pointer, which is how GLib takes them.
func withList<Result>(
    _ texts: [String], _ body: (UnsafeMutablePointer<UnsafePointer<CChar>?>) throws(CallFailure) -> Result
) throws(CallFailure) -> Result {
    var list: [UnsafePointer<CChar>?] = unsafe texts.map { unsafe UnsafePointer(g_strdup($0)) } + [nil]
    defer { unsafe list.forEach { unsafe g_free(UnsafeMutableRawPointer(mutating: $0)) } }
    return try unsafe body(&list)
}

/// Reads a list of texts that ends with a null pointer, and gives it back.
func take(_ list: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?) -> [String] {
    guard let list = unsafe list else { return [] }
    defer { unsafe g_strfreev(list) }
    var texts: [String] = []
    while let text = unsafe list[texts.count] { unsafe texts.append(String(cString: text)) }
    return texts
}

/// Reads a text, and gives it back.
func take(_ text: UnsafeMutablePointer<CChar>?) -> String? {
    guard let text = unsafe text else { return nil }
    defer { unsafe g_free(text) }
    return unsafe String(cString: text)
}
