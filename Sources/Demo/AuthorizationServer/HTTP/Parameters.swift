/// The parameters of a query or of a form body, in order.
///
/// The encoding is `application/x-www-form-urlencoded` by RFC 6749 appendix B: UTF-8, and `+` for a space. Text that is
/// not valid UTF-8 after decoding is refused.
struct Parameters: Sendable, Equatable {
    private(set) var pairs: [(name: String, value: String)] = []

    init() {}

    /// Parses `encoded`; returns nil if an escape or the UTF-8 is invalid.
    init?(encoded: some StringProtocol) {
        for piece in encoded.utf8.split(separator: UInt8(ascii: "&")) {
            let halves = piece.split(separator: UInt8(ascii: "="), maxSplits: 1, omittingEmptySubsequences: false)
            let value = halves.count == 2 ? halves[1] : piece[piece.endIndex...]
            guard let name = Self.decode(halves[0]), let value = Self.decode(value) else { return nil }
            pairs.append((name, value))
        }
    }

    /// The value, or nil if the parameter is absent or empty: an empty one counts as omitted (RFC 6749 section 3.1).
    subscript(name: String) -> String? {
        pairs.first { $0.name == name && !$0.value.isEmpty }?.value
    }

    /// All values of a parameter that may occur more than once: `resource` (RFC 8707 section 2).
    func all(_ name: String) -> [String] { pairs.filter { $0.name == name }.map(\.value) }

    /// Whether a parameter occurs twice, which RFC 6749 sections 3.1 and 3.2 forbid; `resource` may.
    var hasRepetition: Bool {
        let names = pairs.map(\.name).filter { $0 != "resource" }
        return Set(names).count != names.count
    }

    mutating func append(_ name: String, _ value: String) { pairs.append((name, value)) }

    /// The parameters encoded for a query.
    var encoded: String { pairs.map { Self.encode($0.name) + "=" + Self.encode($0.value) }.joined(separator: "&") }

    static func == (left: Parameters, right: Parameters) -> Bool {
        left.pairs.elementsEqual(right.pairs, by: ==)
    }

    /// Decodes one name or value.
    static func decode(_ bytes: some Collection<UInt8>) -> String? {
        var decoded: [UInt8] = []
        var rest = Array(bytes)[...]
        while let byte = rest.popFirst() {
            switch byte {
            case UInt8(ascii: "+"): decoded.append(UInt8(ascii: " "))
            case UInt8(ascii: "%"):
                guard let high = rest.popFirst().flatMap(hexValue), let low = rest.popFirst().flatMap(hexValue)
                else { return nil }
                decoded.append(high << 4 | low)
            default: decoded.append(byte)
            }
        }
        return String(validating: decoded, as: UTF8.self)
    }

    /// Escapes all but the unreserved characters (RFC 3986 section 2.3).
    static func encode(_ text: String) -> String {
        let digits = Array("0123456789ABCDEF")
        var encoded = ""
        for byte in text.utf8 {
            let scalar = Unicode.Scalar(byte)
            if scalar.isASCII,
                scalar.properties.isAlphabetic || ("0"..."9").contains(scalar) || "-._~".unicodeScalars.contains(scalar)
            {
                encoded.unicodeScalars.append(scalar)
            } else {
                encoded += ["%", digits[Int(byte >> 4)], digits[Int(byte & 15)]]
            }
        }
        return encoded
    }

    private static func hexValue(_ byte: UInt8) -> UInt8? {
        Character(Unicode.Scalar(byte)).hexDigitValue.map(UInt8.init)
    }
}
