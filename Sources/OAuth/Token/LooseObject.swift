import JSON
import Secrets

/// The members of a JSON object from a server that does not follow RFC 8259 in every byte.
///
/// A token answer cannot be had again, so one bad member must not cost the others. Each member is read on its own:
/// - A byte order mark, white space and a guard against use as a script before the object, and all bytes behind it, are
///   ignored.
/// - UTF-16 is read if it begins with a byte order mark.
/// - Bytes that are not UTF-8 become U+FFFD, which no access token may contain.
/// - A member whose value is not JSON is left out. A member may occur twice.
struct LooseObject {
    private(set) var members: [JSON.Member] = []

    private var bytes: ArraySlice<UInt8>

    /// Returns nil if the text does not begin with a complete object, or is nested deeper than
    /// ``JSONObject/maximumDepth``.
    init?(_ body: [UInt8]) {
        bytes = Array(Self.text(body).utf8)[...]
        if bytes.starts(with: "\u{FEFF}".utf8) { bytes = bytes.dropFirst(3) }
        if let guarded = [")]}'", ")]}", "while(1);", "for(;;);"].first(where: { bytes.starts(with: $0.utf8) }) {
            bytes = bytes.dropFirst(guarded.utf8.count)
            _ = take(UInt8(ascii: ","))
        }
        guard take(UInt8(ascii: "{")) else { return nil }
        while !take(UInt8(ascii: "}")) {
            guard let name = takeName(), take(UInt8(ascii: ":")), let value = takeValue() else { return nil }
            if let value = Self.parsed(Array(value)) { members.append(JSON.Member(name: name, value: value)) }
            if !take(UInt8(ascii: ",")), bytes.first != UInt8(ascii: "}") { return nil }
        }
    }

    private static func text(_ body: [UInt8]) -> String {
        let isLittle = body.starts(with: [0xFF, 0xFE])
        guard isLittle || body.starts(with: [0xFE, 0xFF]) else { return String(decoding: body, as: UTF8.self) }
        let units = stride(from: 0, to: body.count - 1, by: 2).map { place in
            UInt16(body[isLittle ? place + 1 : place]) << 8 | UInt16(body[isLittle ? place : place + 1])
        }
        return String(decoding: units, as: UTF16.self)
    }

    /// An object in the object is read in the same way.
    private static func parsed(_ value: [UInt8]) -> JSON? {
        JSON.parse(value) ?? LooseObject(value).map { .object($0.members) }
    }

    /// Takes white space, and then `wanted` if it comes next.
    private mutating func take(_ wanted: UInt8) -> Bool {
        bytes = bytes.drop { [0x20, 0x09, 0x0A, 0x0D].contains($0) }
        guard bytes.first == wanted else { return false }
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

    /// The bytes up to the comma or the brace behind the value.
    private mutating func takeValue() -> ArraySlice<UInt8>? {
        var (position, depth) = (bytes.startIndex, 0)
        while position < bytes.endIndex {
            switch bytes[position] {
            case UInt8(ascii: "\""):
                guard let end = Self.endOfString(bytes[(position + 1)...]) else { return nil }
                position = end
            case UInt8(ascii: "{"), UInt8(ascii: "["):
                depth += 1
                if depth >= JSONObject.maximumDepth { return nil }
            case UInt8(ascii: ","), UInt8(ascii: "}"):
                if depth == 0 {
                    defer { bytes = bytes[position...] }
                    return bytes[..<position]
                }
                if bytes[position] == UInt8(ascii: "}") { depth -= 1 }
            case UInt8(ascii: "]"): depth -= 1
            default: break
            }
            position += 1
        }
        return nil
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
