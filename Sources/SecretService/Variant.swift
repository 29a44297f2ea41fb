import CLibsecret

/// A D-Bus value.
@safe
final class Variant {
    let pointer: OpaquePointer

    /// Takes ownership of the reference that `pointer` carries, even if it is floating.
    init(_ pointer: OpaquePointer) {
        unsafe self.pointer = g_variant_take_ref(pointer)
    }

    deinit { unsafe g_variant_unref(pointer) }

    /// Of the type `s`.
    convenience init(_ text: String) {
        unsafe self.init(g_variant_new_string(text))
    }

    /// Of the type `a{ss}`.
    convenience init(_ texts: [String: String]) {
        var entries: [OpaquePointer?] = unsafe texts.map { key, value in
            unsafe g_variant_new_dict_entry(g_variant_new_string(key), g_variant_new_string(value))
        }
        let type = unsafe g_variant_type_new("{ss}")
        defer { unsafe g_variant_type_free(type) }
        unsafe self.init(g_variant_new_array(type, &entries, gsize(texts.count)))
    }

    /// Of the type `b`.
    convenience init(_ truth: Bool) {
        unsafe self.init(g_variant_new_boolean(truth ? 1 : 0))
    }

    /// Of the type `ao`.
    convenience init(paths: [String]) {
        var entries: [OpaquePointer?] = unsafe paths.map { unsafe g_variant_new_object_path($0) }
        let type = unsafe g_variant_type_new("o")
        defer { unsafe g_variant_type_free(type) }
        unsafe self.init(g_variant_new_array(type, &entries, gsize(paths.count)))
    }

    /// Of the type `a{sv}`.
    convenience init(members: [String: Variant]) {
        var entries: [OpaquePointer?] = unsafe members.map { key, value in
            unsafe g_variant_new_dict_entry(g_variant_new_string(key), g_variant_new_variant(value.pointer))
        }
        let type = unsafe g_variant_type_new("{sv}")
        defer { unsafe g_variant_type_free(type) }
        unsafe self.init(g_variant_new_array(type, &entries, gsize(members.count)))
    }

    /// The arguments of a call.
    convenience init(tuple members: [Variant]) {
        var pointers: [OpaquePointer?] = unsafe members.map { unsafe $0.pointer }
        unsafe self.init(g_variant_new_tuple(&pointers, gsize(members.count)))
    }

    /// A member of a tuple; nil if the index is too large. A variant in a variant is unwrapped.
    subscript(index: Int) -> Variant? {
        guard signature.hasPrefix("("), unsafe index < g_variant_n_children(pointer) else { return nil }
        let member = unsafe Variant(g_variant_get_child_value(pointer, gsize(index)))
        return member.signature == "v" ? unsafe Variant(g_variant_get_variant(member.pointer)) : member
    }

    /// A member of an `a{sv}`.
    subscript(key: String) -> Variant? {
        guard signature == "a{sv}" else { return nil }
        return unsafe g_variant_lookup_value(pointer, key, nil).map { unsafe Variant($0) }
    }

    /// Nil unless it is of the type `s` or `o`.
    var text: String? {
        ["s", "o"].contains(signature) ? unsafe String(cString: g_variant_get_string(pointer, nil)) : nil
    }

    /// Nil unless it is of the type `t` or `u`.
    var number: UInt64? {
        switch signature {
        case "t": unsafe UInt64(g_variant_get_uint64(pointer))
        case "u": unsafe UInt64(g_variant_get_uint32(pointer))
        default: nil
        }
    }

    /// Nil unless it is of the type `as`.
    var list: [String]? {
        guard signature == "as" else { return nil }
        return (0..<(unsafe g_variant_n_children(pointer))).compactMap {
            unsafe Variant(g_variant_get_child_value(pointer, $0)).text
        }
    }

    /// Nil unless it is of the type `b`.
    var truth: Bool? {
        signature == "b" ? unsafe g_variant_get_boolean(pointer) != 0 : nil
    }

    /// Nil unless it is of the type `a{ss}`.
    var texts: [String: String]? {
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
