import FoundationEssentials
import JSON
import Secrets

/// A JSON object from a server, checked before it is decoded (RFC 8259).
///
/// The check is strict, so that two readers cannot see two things. It allows only UTF-8, one object and nothing else,
/// no member of the outermost object twice, and at most 32 levels.
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

    private let members: KeyedDecodingContainer<MemberName>

    /// Reads an object that is not JSON in every byte, as ``LooseObject`` does. A member with two different values is left
    /// out, so that two readers cannot see two things.
    ///
    /// - Throws: the error of the strict reader if that does not help.
    init(tolerantly bytes: [UInt8]) throws(ParsingError) {
        do {
            try self.init(bytes)
        } catch {
            guard let loose = LooseObject(bytes), loose.members.count <= Self.mostRepaired else { throw error }
            var unique: [JSON.Member] = []
            for member in loose.members where !unique.contains(where: { $0.name.isSame(as: member.name) }) {
                let same = loose.members.filter { $0.name.isSame(as: member.name) }
                if same.allSatisfy({ $0.value == member.value }) { unique.append(member) }
            }
            do { try self.init(JSON.object(unique).line) } catch _ { throw error }
        }
    }

    /// The number of members up to which a broken object is repaired: each is compared with each.
    private static let mostRepaired = 500

    init(_ bytes: [UInt8]) throws(ParsingError) {
        var outline = JSONOutline(bytes)
        try outline.check()
        guard let document = try? JSONDecoder().decode(Document.self, from: Data(bytes)) else { throw .malformed }
        members = document.members
    }

    /// Whether the member exists, even if it is null.
    func has(_ name: String) -> Bool { members.contains(MemberName(name)) }

    /// The text of a member; nil if absent or null.
    func string(_ name: String) throws(ParsingError) -> String? { try value(name) }

    /// The boolean of a member; nil if absent or null.
    func bool(_ name: String) throws(ParsingError) -> Bool? { try value(name) }

    /// The list of texts of a member; nil if absent or null.
    func strings(_ name: String) throws(ParsingError) -> [String]? { try value(name) }

    /// The list of texts of a member, or the words of a text, for members that only say what a server supports; nil if
    /// absent or null.
    func list(_ name: String) throws(ParsingError) -> [String]? {
        guard let text = try? string(name) else {
            return try (value(name) as [PossibleText]?)?.compactMap(\.text)
        }
        return text.split(separator: " ").map(String.init)
    }

    /// An element of a list, which may be something else than a text.
    private struct PossibleText: Decodable {
        let text: String?

        init(from decoder: any Decoder) throws { text = try? decoder.singleValueContainer().decode(String.self) }
    }

    /// The list of texts of a member that decides, or the words of a text; nil if absent or null.
    func texts(_ name: String) throws(ParsingError) -> [String]? {
        guard let text = try? string(name) else { return try strings(name) }
        return text.split(separator: " ").map(String.init)
    }

    /// The boolean of a member, or of a text that holds one; nil if absent or null.
    func flag(_ name: String) throws(ParsingError) -> Bool? {
        switch try? string(name) {
        case "true": true
        case "false": false
        default: try bool(name)
        }
    }

    /// A number, or a text that holds one. Nil for anything else, because `expires_in` is only recommended.
    func number(_ name: String) -> Double? {
        let key = MemberName(name)
        if let number = try? members.decode(Double.self, forKey: key) { return number }
        return (try? members.decode(String.self, forKey: key)).flatMap { Double($0) }
    }

    private func value<Value: Decodable>(_ name: String) throws(ParsingError) -> Value? {
        do {
            return try members.decodeIfPresent(Value.self, forKey: MemberName(name))
        } catch {
            throw .type(member: name)
        }
    }

    private struct Document: Decodable {
        let members: KeyedDecodingContainer<MemberName>

        init(from decoder: any Decoder) throws {
            members = try decoder.container(keyedBy: MemberName.self)
        }
    }

    private struct MemberName: CodingKey {
        let stringValue: String
        var intValue: Int? { nil }

        init(_ name: String) { stringValue = name }
        init(stringValue: String) { self.init(stringValue) }
        init?(intValue: Int) { nil }
    }
}
