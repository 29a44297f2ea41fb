import FoundationEssentials

/// A JSON object as a server sent it, checked before anything is decoded (RFC 8259).
///
/// Strict where leniency would let two readers see two things: UTF-8 throughout, one object and nothing else, no member
/// of the outermost object twice, and no more than 32 levels.
struct JSONObject {
    /// Why bytes were refused.
    enum ParsingError: Error, Equatable {
        /// Not JSON at all: it does not begin with a brace.
        case notAnObject
        /// JSON, but broken, not UTF-8 or too deep; or this member stands there twice.
        case malformed, duplicate(member: String)
        /// This member is there, and of another type.
        case type(member: String)
    }

    /// Metadata and token answers have three levels; 32 is more than anyone needs and less than any stack minds.
    static let maximumDepth = 32

    private let members: KeyedDecodingContainer<MemberName>

    init(_ bytes: [UInt8]) throws(ParsingError) {
        var outline = JSONOutline(bytes)
        try outline.check()
        guard let document = try? JSONDecoder().decode(Document.self, from: Data(bytes)) else { throw .malformed }
        members = document.members
    }

    /// Whether there is such a member, null or not.
    func has(_ name: String) -> Bool { members.contains(MemberName(name)) }

    /// The text of a member; nil where it is absent or null.
    func string(_ name: String) throws(ParsingError) -> String? { try value(name) }

    /// The truth of a member; nil where it is absent or null.
    func bool(_ name: String) throws(ParsingError) -> Bool? { try value(name) }

    /// The texts of a member; nil where it is absent or null.
    func strings(_ name: String) throws(ParsingError) -> [String]? { try value(name) }

    /// A number, or a text that is one; nil for anything else, since `expires_in` is only recommended.
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
