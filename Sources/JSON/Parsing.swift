internal import CJansson

extension JSON {
    /// The maximum size of a text, in bytes.
    package static let largest = 1 << 20
    /// Parses a text (RFC 8259). It is strict: the text is UTF-8, each name occurs once in an object and holds no NUL, and
    /// nothing follows the value but white space.
    ///
    /// - Parameter deepest: the maximum number of nested arrays and objects. No caller nests more than 5.
    /// - Returns: nil if `bytes` are not one JSON value, are longer than ``largest``, are nested deeper, or hold a number that
    ///   neither Int64 nor Double can hold.
    package static func parse(_ bytes: [UInt8], deepest: Int = 64) -> JSON? {
        // Jansson takes a NUL behind the value for the end of the text.
        guard bytes.count <= largest, !bytes.contains(0) else { return nil }
        Jansson.prepare
        let flags = JSON_REJECT_DUPLICATES | JSON_DECODE_ANY | JSON_ALLOW_NUL
        return unsafe bytes.withUnsafeBytes { buffer in
            // Pass no place for the error message: it would quote the text, which may hold a secret.
            guard let parsed = unsafe json_loadb(buffer.baseAddress, buffer.count, Int(flags), nil) else { return nil }
            defer { unsafe json_decref(parsed) }
            return unsafe JSON(parsed, levels: deepest)
        }
    }

    /// Copies a value of jansson. Nil if it has more than so many levels of arrays and objects.
    private init?(_ value: UnsafeMutablePointer<json_t>, levels: Int) {
        switch unsafe value.pointee.type {
        case JSON_TRUE: self = .bool(true)
        case JSON_FALSE: self = .bool(false)
        case JSON_INTEGER: self = .integer(Int64(unsafe json_integer_value(value)))
        case JSON_REAL: self = .real(unsafe json_real_value(value))
        case JSON_STRING: self = .string(unsafe Self.text(json_string_value(value), json_string_length(value)))
        case JSON_ARRAY:
            guard levels > 0, let elements = unsafe Self.elements(of: value, levels - 1) else { return nil }
            self = .array(elements)
        case JSON_OBJECT:
            guard levels > 0, let members = unsafe Self.members(of: value, levels - 1) else { return nil }
            self = .object(members)
        default: self = .null
        }
    }

    private static func elements(of array: UnsafeMutablePointer<json_t>, _ levels: Int) -> [JSON]? {
        var elements: [JSON] = []
        for index in 0..<(unsafe json_array_size(array)) {
            guard let element = unsafe json_array_get(array, index), let copy = unsafe JSON(element, levels: levels)
            else { return nil }
            elements.append(copy)
        }
        return elements
    }

    private static func members(of object: UnsafeMutablePointer<json_t>, _ levels: Int) -> [Member]? {
        var members: [Member] = []
        var position = unsafe json_object_iter(object)
        while let member = unsafe position {
            guard let value = unsafe json_object_iter_value(member), let copy = unsafe JSON(value, levels: levels)
            else { return nil }
            let name = unsafe text(json_object_iter_key(member), json_object_iter_key_len(member))
            members.append(Member(name: name, value: copy))
            unsafe position = json_object_iter_next(object, member)
        }
        return members
    }

    private static func text(_ start: UnsafePointer<CChar>?, _ length: Int) -> String {
        unsafe String(decoding: UnsafeRawBufferPointer(start: start, count: length), as: UTF8.self)
    }
}

enum Jansson {
    /// Makes jansson overwrite the memory that it releases. Every use of jansson reads this first.
    static let prepare: Void = keyfob_json_wipe_released()
}
