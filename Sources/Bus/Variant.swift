import CLibraries

/// A D-Bus value.
@safe
package final class Variant {
    /// Valid as long as this object lives.
    package let pointer: OpaquePointer

    /// Takes ownership of the reference that `pointer` carries, even if it is floating.
    package init(_ pointer: OpaquePointer) {
        unsafe self.pointer = g_variant_take_ref(pointer)
    }

    deinit { unsafe g_variant_unref(pointer) }

    /// Of the type `s`.
    package convenience init(_ text: String) {
        unsafe self.init(g_variant_new_string(text))
    }

    /// Of the type `a{ss}`.
    package convenience init(_ texts: [String: String]) {
        let entries: [OpaquePointer?] = unsafe texts.map { key, value in
            unsafe g_variant_new_dict_entry(g_variant_new_string(key), g_variant_new_string(value))
        }
        unsafe self.init(listOf: "{ss}", entries)
    }

    /// Of the type `b`.
    package convenience init(_ truth: Bool) {
        unsafe self.init(g_variant_new_boolean(truth ? 1 : 0))
    }

    /// Of the type `ao`.
    package convenience init(paths: [String]) {
        unsafe self.init(listOf: "o", paths.map { unsafe g_variant_new_object_path($0) })
    }

    /// Of the type `a{sv}`.
    package convenience init(members: [String: Variant]) {
        let entries: [OpaquePointer?] = unsafe members.map { key, value in
            unsafe g_variant_new_dict_entry(g_variant_new_string(key), g_variant_new_variant(value.pointer))
        }
        unsafe self.init(listOf: "{sv}", entries)
    }

    /// Of the type `y`.
    package convenience init(byte: UInt8) { unsafe self.init(g_variant_new_byte(byte)) }

    /// Of the type `u`.
    package convenience init(_ number: UInt32) { unsafe self.init(g_variant_new_uint32(number)) }

    /// Of the type `i`.
    package convenience init(_ number: Int32) { unsafe self.init(g_variant_new_int32(number)) }

    /// Of the type `as`.
    package convenience init(_ texts: [String]) {
        unsafe self.init(listOf: "s", texts.map { unsafe g_variant_new_string($0) })
    }

    /// A list of floating references, each of the type `signature`.
    private convenience init(listOf signature: String, _ members: [OpaquePointer?]) {
        let type = unsafe g_variant_type_new(signature)
        defer { unsafe g_variant_type_free(type) }
        var members = unsafe members
        unsafe self.init(g_variant_new_array(type, &members, members.count))
    }

    /// The arguments of a call.
    package convenience init(tuple members: [Variant]) {
        var pointers: [OpaquePointer?] = unsafe members.map { unsafe $0.pointer }
        unsafe self.init(g_variant_new_tuple(&pointers, members.count))
    }

    /// A member of a tuple; nil if the index is too large. A variant in a variant is unwrapped.
    package subscript(index: Int) -> Variant? {
        guard signature.hasPrefix("("), unsafe index < g_variant_n_children(pointer) else { return nil }
        let member = unsafe Variant(g_variant_get_child_value(pointer, index))
        return member.signature == "v" ? unsafe Variant(g_variant_get_variant(member.pointer)) : member
    }

    /// A member of an `a{sv}`.
    package subscript(key: String) -> Variant? {
        guard signature == "a{sv}" else { return nil }
        return unsafe g_variant_lookup_value(pointer, key, nil).map { unsafe Variant($0) }
    }

    /// Nil unless it is of the type `s` or `o`.
    package var text: String? {
        ["s", "o"].contains(signature) ? unsafe String(cString: g_variant_get_string(pointer, nil)) : nil
    }

    /// Nil unless it is of the type `t` or `u`.
    package var number: UInt64? {
        switch signature {
        case "t": unsafe UInt64(g_variant_get_uint64(pointer))
        case "u": unsafe UInt64(g_variant_get_uint32(pointer))
        default: nil
        }
    }

    /// Nil unless it is of the type `as`.
    package var list: [String]? {
        guard signature == "as" else { return nil }
        return (0..<(unsafe g_variant_n_children(pointer))).compactMap {
            unsafe Variant(g_variant_get_child_value(pointer, $0)).text
        }
    }

    /// Nil unless it is of the type `b`.
    package var truth: Bool? {
        signature == "b" ? unsafe g_variant_get_boolean(pointer) != 0 : nil
    }

    /// Nil unless it is of the type `a{ss}`.
    package var texts: [String: String]? {
        guard signature == "a{ss}" else { return nil }
        var texts: [String: String] = [:]
        for index in 0..<(unsafe g_variant_n_children(pointer)) {
            let entry = unsafe Variant(g_variant_get_child_value(pointer, index))
            let key = unsafe Variant(g_variant_get_child_value(entry.pointer, 0))
            let value = unsafe Variant(g_variant_get_child_value(entry.pointer, 1))
            if let key = key.text, let value = value.text { texts[key] = value }
        }
        return texts
    }

    /// The D-Bus type (D-Bus specification, "Type System").
    private var signature: String { unsafe String(cString: g_variant_get_type_string(pointer)) }
}
