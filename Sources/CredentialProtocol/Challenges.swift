/// The authentication schemes that a server offers in its `WWW-Authenticate` fields (RFC 9110 section 11.6.1).
///
/// Only the names of the schemes are looked at, never an address or a realm: a server writes these fields as it likes.
enum Challenges {
    /// The schemes in lower case. One field may hold several challenges, separated by the same comma as parameters.
    static func schemes(in fields: [String]) -> Set<String> {
        Set(fields.flatMap { elements(of: Array($0.utf8)).compactMap(scheme) })
    }

    /// The field cut at each comma outside a quoted string.
    private static func elements(of field: [UInt8]) -> [ArraySlice<UInt8>] {
        var elements: [ArraySlice<UInt8>] = []
        var start = field.startIndex
        var index = field.startIndex
        var quoted = false
        while index < field.endIndex {
            switch field[index] {
            case UInt8(ascii: "\\") where quoted: index += 1
            case UInt8(ascii: "\""): quoted.toggle()
            case UInt8(ascii: ",") where !quoted:
                elements.append(field[start..<index])
                start = index + 1
            default: break
            }
            index += 1
        }
        return elements + [field[start...]]
    }

    /// The word at the start of an element, unless it is the name of a parameter.
    private static func scheme(of element: ArraySlice<UInt8>) -> String? {
        let element = element.drop(while: isBlank)
        let word = element.prefix { !isBlank($0) && $0 != UInt8(ascii: "=") }
        let next = element[word.endIndex...].first { !isBlank($0) }
        guard !word.isEmpty, next != UInt8(ascii: "=") else { return nil }
        return String(decoding: word, as: UTF8.self).lowercased()
    }

    private static func isBlank(_ byte: UInt8) -> Bool { byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t") }
}
