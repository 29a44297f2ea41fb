import CredentialProtocol
import Secrets

/// A JSON value (RFC 8259), as callers write and read it.
///
/// The doors are static programs that start for each question, so they use no Foundation: it would take a third of their
/// running time. Names are compared by their bytes.
enum JSON: Sendable, Equatable {
    case null
    case bool(Bool)
    /// The number as it is written.
    case number(String)
    case string(String)
    case array([JSON])
    case object([Member])

    struct Member: Sendable, Equatable {
        var name: String
        var value: JSON
    }

    /// An object of the members that are not nil, sorted by their names.
    static func object(_ members: KeyValuePairs<String, JSON?>) -> JSON {
        .object(members.compactMap { name, value in value.map { Member(name: name, value: $0) } })
    }

    static func number(_ number: some BinaryInteger) -> JSON { .number("\(number)") }

    /// The member `name` of an object; nil if it is absent or null.
    subscript(name: String) -> JSON? {
        guard case .object(let members) = self else { return nil }
        return members.first { $0.name.isSame(as: name) }.flatMap { $0.value == .null ? nil : $0.value }
    }

    /// The value as text on one line, including its LF.
    var line: [UInt8] {
        var bytes: [UInt8] = []
        write(to: &bytes)
        return bytes + [UInt8(ascii: "\n")]
    }

    private func write(to bytes: inout [UInt8]) {
        switch self {
        case .null: bytes += "null".utf8
        case .bool(let value): bytes += (value ? "true" : "false").utf8
        case .number(let text): bytes += text.utf8
        case .string(let text): Self.write(text, to: &bytes)
        case .array(let elements):
            Self.write(elements, "[", "]", to: &bytes) { element, bytes in element.write(to: &bytes) }
        case .object(let members):
            let sorted = members.sorted { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }
            Self.write(sorted, "{", "}", to: &bytes) { member, bytes in
                Self.write(member.name, to: &bytes)
                bytes.append(UInt8(ascii: ":"))
                member.value.write(to: &bytes)
            }
        }
    }

    private static func write<Element>(
        _ elements: [Element], _ start: Unicode.Scalar, _ end: Unicode.Scalar, to bytes: inout [UInt8],
        _ element: (Element, inout [UInt8]) -> Void
    ) {
        bytes.append(UInt8(ascii: start))
        for (index, each) in elements.enumerated() {
            if index > 0 { bytes.append(UInt8(ascii: ",")) }
            element(each, &bytes)
        }
        bytes.append(UInt8(ascii: end))
    }

    private static func write(_ text: String, to bytes: inout [UInt8]) {
        bytes.append(UInt8(ascii: "\""))
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"): bytes += [UInt8(ascii: "\\"), byte]
            case UInt8(ascii: "\n"): bytes += #"\n"#.utf8
            case UInt8(ascii: "\r"): bytes += #"\r"#.utf8
            case UInt8(ascii: "\t"): bytes += #"\t"#.utf8
            case 0x08: bytes += #"\b"#.utf8
            case 0x0C: bytes += #"\f"#.utf8
            case ..<0x20: bytes += (#"\u00"# + (byte < 16 ? "0" : "") + String(byte, radix: 16)).utf8
            default: bytes.append(byte)
            }
        }
        bytes.append(UInt8(ascii: "\""))
    }
}

extension JSON {
    /// Parses `bytes`.
    ///
    /// - Parameter what: the name of the input in the error.
    static func parse(_ bytes: [UInt8], _ what: String) throws(InvocationError) -> JSON {
        guard let value = JSONParser.parse(bytes) else { throw .malformed(what) }
        return value
    }

    /// The member `name`, which is a string.
    ///
    /// - Returns: nil if it is absent or null.
    /// - Throws: `InvocationError.malformed` if it is something else, or if this value is no object.
    func text(_ name: String, _ what: String) throws(InvocationError) -> String? {
        guard case .object = self else { throw .malformed(what) }
        switch self[name] {
        case nil: return nil
        case .string(let text): return text
        default: throw .malformed(what)
        }
    }

    /// The member `name`, which is an object. Returns and throws as ``text(_:_:)`` does.
    func object(_ name: String, _ what: String) throws(InvocationError) -> JSON? {
        guard case .object = self else { throw .malformed(what) }
        guard let value = self[name] else { return nil }
        guard case .object = value else { throw .malformed(what) }
        return value
    }
}
