import JSON
import Secrets

/// A JSON object from a server (RFC 8259).
///
/// The reader is strict, so that two readers cannot see two things: it allows only UTF-8, one object and nothing else, no
/// member twice, and at most 32 levels.
struct JSONObject {
    /// The reason why the bytes were refused.
    enum ParsingError: Error, Equatable {
        /// Not JSON: the text does not begin with a brace.
        case notAnObject
        /// Broken JSON, not UTF-8 or too deep; or this member occurs twice.
        case malformed, duplicate(member: String)
        /// This member has another type.
        case type(member: String)
    }

    /// Metadata and token responses have three levels. 32 is more than they need, and no risk for the stack.
    static let maximumDepth = 32

    private let members: [JSON.Member]

    /// Reads an object that is not JSON in every byte, as ``LooseObject`` does. A member with two different values is left
    /// out, so that two readers cannot see two things.
    ///
    /// - Throws: the error of the strict reader if that does not help.
    init(tolerantly bytes: [UInt8]) throws(ParsingError) {
        do throws(ParsingError) {
            members = try JSONObject(bytes).members
        } catch {
            guard let loose = LooseObject(bytes), loose.members.count <= Self.mostRepaired else { throw error }
            var unique: [JSON.Member] = []
            for member in loose.members where !unique.contains(where: { $0.name.isSame(as: member.name) }) {
                let same = loose.members.filter { $0.name.isSame(as: member.name) }
                if same.allSatisfy({ $0.value == member.value }) { unique.append(member) }
            }
            members = unique
        }
    }

    /// The number of members up to which a broken object is repaired: each is compared with each.
    private static let mostRepaired = 500

    init(_ bytes: [UInt8]) throws(ParsingError) {
        guard case .object(let members)? = JSON.parse(bytes, deepest: Self.maximumDepth) else {
            throw Self.fault(in: bytes)
        }
        self.members = members
    }

    /// Why the bytes are not an object.
    private static func fault(in bytes: [UInt8]) -> ParsingError {
        let first = bytes.first { ![0x20, 0x09, 0x0A, 0x0D].contains($0) }
        guard first == UInt8(ascii: "{") else { return .notAnObject }
        var names: Set<String> = []
        let twice = LooseObject(bytes)?.members.first { !names.insert($0.name).inserted }
        return twice.map { .duplicate(member: ServerText.printable($0.name)) } ?? .malformed
    }

    /// Whether the member exists, even if it is null.
    func has(_ name: String) -> Bool { members.contains { $0.name.isSame(as: name) } }

    /// The text of a member; nil if absent or null.
    func string(_ name: String) throws(ParsingError) -> String? { try value(name, \.text) }

    /// The boolean of a member; nil if absent or null.
    func bool(_ name: String) throws(ParsingError) -> Bool? { try value(name, \.truth) }

    /// The list of texts of a member; nil if absent or null.
    func strings(_ name: String) throws(ParsingError) -> [String]? { try value(name, \.texts) }

    /// The list of texts of a member, or the words of a text, for members that only say what a server supports; nil if
    /// absent or null.
    func list(_ name: String) throws(ParsingError) -> [String]? {
        try value(name) { value in
            if case .array(let elements) = value { return elements.compactMap(\.text) }
            return value.text.map(Self.words)
        }
    }

    /// The list of texts of a member that decides, or the words of a text; nil if absent or null.
    func texts(_ name: String) throws(ParsingError) -> [String]? {
        try value(name) { $0.texts ?? $0.text.map(Self.words) }
    }

    /// The boolean of a member, or of a text that holds one; nil if absent or null.
    func flag(_ name: String) throws(ParsingError) -> Bool? {
        try value(name) { value in
            switch value.text {
            case "true": true
            case "false": false
            default: value.truth
            }
        }
    }

    /// A number, or a text that holds one. Nil for anything else, because `expires_in` is only recommended.
    func number(_ name: String) -> Double? {
        switch member(name) {
        case .integer(let number): Double(number)
        case .real(let number): number
        case .string(let text): Double(text)
        default: nil
        }
    }

    private static func words(_ text: String) -> [String] { text.split(separator: " ").map(String.init) }

    private func member(_ name: String) -> JSON? { members.first { $0.name.isSame(as: name) }?.value }

    /// - Throws: `type` if the member has a value that `read` does not accept.
    private func value<Value>(_ name: String, _ read: (JSON) -> Value?) throws(ParsingError) -> Value? {
        guard let member = member(name), member != .null else { return nil }
        guard let value = read(member) else { throw .type(member: name) }
        return value
    }
}
