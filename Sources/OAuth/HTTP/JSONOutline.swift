import FoundationEssentials

/// Walks over a JSON text without building anything: how deep it goes, and what its outermost members are called.
///
/// A decoder keeps the first or the last of two members of one name, depending on the decoder; a server and a client
/// that disagree on which is an attack waiting to happen, so names are compared here, after their escapes are undone.
struct JSONOutline {
    private let bytes: [UInt8]
    private var position = 0
    private var depth = 0
    private var names: Set<String> = []

    init(_ bytes: [UInt8]) {
        self.bytes = bytes
    }

    /// Throws at the first thing that ``JSONObject`` refuses; grammar is left to the decoder.
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
            // The decoder takes a comma behind the last member, too.
            if bytes[..<position].last(where: { !Self.isSpace($0) }) == UInt8(ascii: ",") { throw .malformed }
        case UInt8(ascii: "\""):
            let start = position
            try skipString()
            if depth == 1, isFollowedByColon { try note(Array(bytes[start...position])) }
        default: break
        }
    }

    /// Leaves ``position`` on the closing quotation mark. Control characters must be escaped (RFC 8259 section 7), which
    /// the decoder does not mind.
    private mutating func skipString() throws(JSONObject.ParsingError) {
        position += 1
        while position < bytes.count, bytes[position] != UInt8(ascii: "\"") {
            if bytes[position] < 0x20 { throw .malformed }
            position += bytes[position] == UInt8(ascii: "\\") ? 2 : 1
        }
        if position >= bytes.count { throw .malformed }
    }

    /// RFC 8259 section 2.
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
