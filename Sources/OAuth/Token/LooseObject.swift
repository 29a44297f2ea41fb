import JSON
import Secrets

/// The members of a JSON object from a server that does not follow RFC 8259 in every byte.
///
/// A token answer cannot be had again, so one bad member must not cost the others. Each member is read on its own:
/// - A byte order mark, white space and a guard against use as a script before the object, and all bytes behind it, are
///   ignored. See ``row(in:)`` for objects behind it.
/// - UTF-16 is read if it begins with a byte order mark.
/// - Bytes that are not UTF-8 become U+FFFD, which no access token may contain.
/// - A member whose value is not JSON, or is nested deeper than ``JSONObject/maximumDepth``, is left out. A member may
///   occur twice.
struct LooseObject {
    private(set) var members: [JSON.Member] = []
    /// Whether the closing brace was there.
    private(set) var isComplete = true

    private var bytes: ArraySlice<UInt8>

    /// Returns nil if the text does not begin with a complete object.
    init?(_ body: [UInt8]) { self.init(at: Self.start(of: body)) }

    private init?(at text: ArraySlice<UInt8>) {
        bytes = text
        guard takeMembers(), take(UInt8(ascii: "}")) else { return nil }
    }

    /// Reads the objects with which the text begins, one behind the other, and returns them and the rest. It reads no more
    /// than ``mostCandidates``.
    static func row(in body: [UInt8]) -> (objects: [LooseObject], rest: [UInt8]) {
        var (objects, rest) = ([LooseObject](), start(of: body))
        while objects.count < mostCandidates, let next = LooseObject(at: rest) {
            objects.append(next)
            rest = next.bytes
        }
        return (objects, Array(rest))
    }

    /// The text behind a guard against use as a script.
    private static func start(of body: [UInt8]) -> ArraySlice<UInt8> {
        let text = text(body)[...]
        guard let guarded = [")]}'", ")]}", "while(1);", "for(;;);"].first(where: { text.starts(with: $0.utf8) })
        else { return text }
        let rest = text.dropFirst(guarded.utf8.count)
        return rest.first == UInt8(ascii: ",") ? rest.dropFirst() : rest
    }

    /// Finds the first object in `body` for which `isWanted` is true, whatever is before it: the warning of a script, a tag,
    /// the bracket of a list, the quotation mark of a text that holds JSON. The object may be cut off. Then the members that
    /// are complete count.
    ///
    /// It looks at no more than ``mostCandidates`` objects.
    init?(in body: [UInt8], where isWanted: ([JSON.Member]) -> Bool) {
        var text = Self.text(body)[...]
        if case .string(let inner)? = JSON.parse(Array(text)) { text = Array(inner.utf8)[...] }
        for _ in 0..<Self.mostCandidates {
            text = text.drop { $0 != UInt8(ascii: "{") }
            (bytes, members) = (text, [])
            isComplete = takeMembers()
            if isWanted(members) { return }
            text = text.dropFirst()
        }
        return nil
    }

    /// A page with more braces is a program, not an answer.
    private static let mostCandidates = 64

    /// The text without a byte order mark, as UTF-8.
    private static func text(_ body: [UInt8]) -> [UInt8] {
        let isLittle = body.starts(with: [0xFF, 0xFE])
        guard isLittle || body.starts(with: [0xFE, 0xFF]) else {
            let text = Array(String(decoding: body, as: UTF8.self).utf8)
            return text.starts(with: "\u{FEFF}".utf8) ? Array(text.dropFirst(3)) : text
        }
        let units = stride(from: 2, to: body.count - 1, by: 2).map { place in
            UInt16(body[isLittle ? place + 1 : place]) << 8 | UInt16(body[isLittle ? place : place + 1])
        }
        return Array(String(decoding: units, as: UTF16.self).utf8)
    }

    /// Takes the opening brace and the members. Returns whether the closing brace is next.
    private mutating func takeMembers() -> Bool {
        guard take(UInt8(ascii: "{")) else { return false }
        while !isNext(UInt8(ascii: "}")) {
            guard let name = takeName(), take(UInt8(ascii: ":")), let value = takeValue() else { return false }
            if let value = Self.parsed(value) { members.append(JSON.Member(name: name, value: value)) }
            if !take(UInt8(ascii: ",")), !isNext(UInt8(ascii: "}")) { return false }
        }
        return true
    }

    /// An object in the object is read in the same way. A whole number that is too large for Int64 becomes its text: a
    /// token may look like one.
    private static func parsed(_ value: (bytes: ArraySlice<UInt8>, depth: Int)) -> JSON? {
        guard value.depth < JSONObject.maximumDepth else { return nil }
        let bytes = Array(value.bytes)
        if let json = JSON.parse(bytes) ?? LooseObject(bytes).map({ .object($0.members) }) { return json }
        let digits = String(decoding: bytes, as: UTF8.self).trimmed
        return !digits.isEmpty && digits.utf8.allSatisfy { (0x30...0x39).contains($0) } ? .string(digits) : nil
    }

    /// Takes white space, and tells whether `wanted` comes next.
    private mutating func isNext(_ wanted: UInt8) -> Bool {
        bytes = bytes.drop { [0x20, 0x09, 0x0A, 0x0D].contains($0) }
        return bytes.first == wanted
    }

    /// Takes white space, and then `wanted` if it comes next.
    private mutating func take(_ wanted: UInt8) -> Bool {
        guard isNext(wanted) else { return false }
        bytes.removeFirst()
        return true
    }

    private mutating func takeName() -> String? {
        guard take(UInt8(ascii: "\"")), let end = Self.endOfString(bytes) else { return nil }
        let name = bytes[..<end]
        bytes = bytes[(end + 1)...]
        let quoted = [UInt8(ascii: "\"")] + name + [UInt8(ascii: "\"")]
        guard case .string(let text)? = JSON.parse(quoted) else { return String(decoding: name, as: UTF8.self) }
        return text
    }

    /// The bytes up to the comma or the brace behind the value, and how deep it is nested. At the end of the text only a
    /// value counts that has its own end: a number may go on.
    private mutating func takeValue() -> (bytes: ArraySlice<UInt8>, depth: Int)? {
        var (position, depth, deepest, isClosed) = (bytes.startIndex, 0, 0, false)
        while position < bytes.endIndex {
            switch bytes[position] {
            case UInt8(ascii: "\""):
                guard let end = Self.endOfString(bytes[(position + 1)...]) else { return nil }
                (position, isClosed) = (end, true)
            case UInt8(ascii: "{"), UInt8(ascii: "["):
                depth += 1
                deepest = max(deepest, depth)
            case UInt8(ascii: ","), UInt8(ascii: "}"):
                if depth == 0 {
                    defer { bytes = bytes[position...] }
                    return (bytes[..<position], deepest)
                }
                if bytes[position] == UInt8(ascii: "}") { depth -= 1 }
                isClosed = true
            case UInt8(ascii: "]"): (depth, isClosed) = (depth - 1, true)
            default: break
            }
            position += 1
        }
        guard depth == 0, isClosed else { return nil }
        defer { bytes = [] }
        return (bytes, deepest)
    }

    /// The position of the closing quotation mark.
    private static func endOfString(_ text: ArraySlice<UInt8>) -> Int? {
        var position = text.startIndex
        while position < text.endIndex, text[position] != UInt8(ascii: "\"") {
            position += text[position] == UInt8(ascii: "\\") ? 2 : 1
        }
        return position < text.endIndex ? position : nil
    }
}
