import CLibraries

/// An owned reference to a GObject, which is released at the end.
@safe
final class Owned {
    private let address: UnsafeMutableRawPointer

    /// Takes ownership of the reference that `pointer` carries.
    init(_ pointer: OpaquePointer) {
        unsafe address = UnsafeMutableRawPointer(pointer)
    }

    deinit { unsafe g_object_unref(address) }

    /// Valid as long as this reference lives.
    var opaque: OpaquePointer { unsafe OpaquePointer(address) }
}

/// An owned GHashTable with text keys, which is released at the end.
@safe
final class Table {
    let pointer: OpaquePointer

    /// A table of texts.
    init(_ texts: [String: String]) {
        unsafe pointer = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free)
        for (key, value) in texts { unsafe g_hash_table_insert(pointer, g_strdup(key), g_strdup(value)) }
    }

    /// Takes ownership of a table that a call returned.
    init(taking table: OpaquePointer) { unsafe pointer = table }

    deinit { unsafe g_hash_table_unref(pointer) }

    /// The value; the table keeps ownership.
    subscript(key: String) -> UnsafeMutableRawPointer? { unsafe g_hash_table_lookup(pointer, key) }
}

/// Passes texts as a list that ends with a null pointer, as GLib expects it.
func withList<Result>(
    _ texts: [String], _ body: (UnsafeMutablePointer<UnsafePointer<CChar>?>) throws(CallFailure) -> Result
) throws(CallFailure) -> Result {
    var list: [UnsafePointer<CChar>?] = unsafe texts.map { unsafe UnsafePointer(g_strdup($0)) } + [nil]
    defer { unsafe list.forEach { unsafe g_free(UnsafeMutableRawPointer(mutating: $0)) } }
    return try unsafe body(&list)
}

/// Reads a list of texts that ends with a null pointer, and frees it.
func take(_ list: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?) -> [String] {
    guard let list = unsafe list else { return [] }
    defer { unsafe g_strfreev(list) }
    var texts: [String] = []
    while let text = unsafe list[texts.count] { unsafe texts.append(String(cString: text)) }
    return texts
}

/// Reads a text and frees it.
func take(_ text: UnsafeMutablePointer<CChar>?) -> String? {
    guard let text = unsafe text else { return nil }
    defer { unsafe g_free(text) }
    return unsafe String(cString: text)
}
