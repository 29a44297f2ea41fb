internal import CJansson

extension JSON {
    /// The value as text without an end of line. The members of each object are sorted by the bytes of their names.
    package var compact: ArraySlice<UInt8> { line.dropLast() }

    /// The value as text on one line, including its LF. The members of each object are sorted by the bytes of their names.
    package var line: [UInt8] {
        Jansson.prepare
        let flags = Int(JSON_COMPACT | JSON_SORT_KEYS | JSON_ENCODE_ANY)
        let value = unsafe built()
        defer { unsafe json_decref(value) }
        let size = unsafe json_dumpb(value, nil, 0, flags)
        // Write into the array itself, so that no copy stays behind.
        return unsafe [UInt8](unsafeUninitializedCapacity: size + 1) { buffer, count in
            unsafe buffer.withMemoryRebound(to: CChar.self) { text in
                _ = unsafe json_dumpb(value, text.baseAddress, size, flags)
            }
            unsafe buffer[size] = UInt8(ascii: "\n")
            count = size + 1
        }
    }

    /// Builds jansson's form of the value. The caller has to release it.
    private func built() -> UnsafeMutablePointer<json_t> {
        let value =
            switch self {
            case .null: unsafe json_null()
            case .bool(let bool): unsafe bool ? json_true() : json_false()
            case .integer(let number): unsafe json_integer(json_int_t(number))
            case .real(let number): unsafe json_real(number)
            case .string(let text): unsafe text.withCString { unsafe json_stringn($0, text.utf8.count) }
            case .array(let elements): unsafe Self.built(elements)
            case .object(let members): unsafe Self.built(members)
            }
        guard let value = unsafe value else { Self.fail() }
        return unsafe value
    }

    private static func built(_ elements: [JSON]) -> UnsafeMutablePointer<json_t>? {
        let array = unsafe json_array()
        for element in elements {
            guard unsafe json_array_append_new(array, element.built()) == 0 else { fail() }
        }
        return unsafe array
    }

    private static func built(_ members: [Member]) -> UnsafeMutablePointer<json_t>? {
        let object = unsafe json_object()
        for member in members {
            let status = unsafe member.name.withCString { name in
                unsafe json_object_setn_new(object, name, member.name.utf8.count, member.value.built())
            }
            guard status == 0 else { fail() }
        }
        return unsafe object
    }

    /// Jansson has no memory, or a number is infinite or not a number, which JSON does not have.
    private static func fail() -> Never { fatalError("a value cannot be written as JSON") }
}
