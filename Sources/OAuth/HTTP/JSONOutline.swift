import FoundationEssentials

/// Scans a JSON text without building values: checks its depth and the names of its outermost members.
///
/// Of two members with one name, some decoders keep the first and some the last. If server and client differ in that,
/// an attacker can use it. So this type compares the names, after decoding their escapes.
struct JSONOutline {
    private let bytes: [UInt8]
    private var position = 0
    private var depth = 0
    private var names: Set<String> = []

    init(_ bytes: [UInt8]) {
        self.bytes = bytes
    }

    /// Checks what ``JSONObject`` refuses; the decoder checks the rest of the grammar.
    mutating func check() throws(JSONObject.ParsingError) {
        let first = bytes.first { !Self.isSpace($0) }
        guard first == UInt8(ascii: "{") else { throw .notAnObject }
        guard String(validating: bytes, as: UTF8.self) != nil else { throw .malformed }
        while position < bytes.count {
            try step()
        }
    }

    private mutating func step() throws(JSONObject.ParsingError) {
        defer { position += 1 }
        switch bytes[position] {
        case UInt8(ascii: "{"), UInt8(ascii: "["):
            depth += 1
            if depth > JSONObject.maximumDepth { throw .malformed }
        case UInt8(ascii: "}"), UInt8(ascii: "]"):
            depth -= 1
            // The decoder would accept a comma after the last member.
            if bytes[..<position].last(where: { !Self.isSpace($0) }) == UInt8(ascii: ",") { throw .malformed }
        case UInt8(ascii: "\""):
            let start = position
            try skipString()
            if depth == 1, isFollowedByColon { try note(Array(bytes[start...position])) }
        default: break
        }
    }

    /// Moves ``position`` to the closing quotation mark. Refuses unescaped control characters (RFC 8259 section 7),
    /// which the decoder accepts.
    private mutating func skipString() throws(JSONObject.ParsingError) {
        position += 1
        while position < bytes.count, bytes[position] != UInt8(ascii: "\"") {
            if bytes[position] < 0x20 { throw .malformed }
            position += bytes[position] == UInt8(ascii: "\\") ? 2 : 1
        }
        if position >= bytes.count { throw .malformed }
    }

    /// White space (RFC 8259 section 2).
    private static func isSpace(_ byte: UInt8) -> Bool { [0x20, 0x09, 0x0A, 0x0D].contains(byte) }

    private var isFollowedByColon: Bool {
        bytes[(position + 1)...].first { !Self.isSpace($0) } == UInt8(ascii: ":")
    }

    private mutating func note(_ quoted: [UInt8]) throws(JSONObject.ParsingError) {
        let name: String
        if quoted.contains(UInt8(ascii: "\\")) {
            let list = [UInt8(ascii: "[")] + quoted + [UInt8(ascii: "]")]
            guard let decoded = try? JSONDecoder().decode([String].self, from: Data(list)).first
            else { throw .malformed }
            name = decoded
        } else {
            name = String(decoding: quoted.dropFirst().dropLast(), as: UTF8.self)
        }
        if !names.insert(name).inserted { throw .duplicate(member: ServerText.printable(name)) }
    }
}
