/// `application/x-www-form-urlencoded`, as RFC 6749 appendix B uses it.
enum FormEncoding {
    /// Percent-encodes every byte except the unreserved characters of RFC 3986. A space becomes `%20`, which all
    /// decoders of forms and queries understand.
    static func encode(_ text: some Collection<UInt8>) -> [UInt8] {
        var encoded: [UInt8] = []
        encoded.reserveCapacity(text.count)
        for byte in text {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
                UInt8(ascii: "~"):
                encoded.append(byte)
            default:
                encoded.append(UInt8(ascii: "%"))
                encoded.append(hexDigits[Int(byte >> 4)])
                encoded.append(hexDigits[Int(byte & 0xF)])
            }
        }
        return encoded
    }

    /// The same for text that is not secret.
    static func encode(_ text: String) -> String {
        String(decoding: encode(text.utf8), as: UTF8.self)
    }

    /// Splits a query or a form into its pairs, in order. Returns nil if an escape is broken or the text is not UTF-8.
    static func decode(_ text: String) -> [(name: String, value: String)]? {
        var pairs: [(name: String, value: String)] = []
        for part in text.utf8.split(separator: UInt8(ascii: "&")) {
            let halves = part.split(separator: UInt8(ascii: "="), maxSplits: 1, omittingEmptySubsequences: false)
            guard let first = halves.first, let name = decodeComponent(first),
                let value = halves.count == 2 ? decodeComponent(halves[1]) : ""
            else { return nil }
            pairs.append((name, value))
        }
        return pairs
    }

    /// Splits a query as browsers do (URL Standard, application/x-www-form-urlencoded parsing): a broken escape stands
    /// for itself, and values may have any bytes.
    static func decodeTolerantly(_ text: String) -> [(name: [UInt8], value: [UInt8])] {
        text.utf8.split(separator: UInt8(ascii: "&")).map { part in
            let halves = part.split(separator: UInt8(ascii: "="), maxSplits: 1, omittingEmptySubsequences: false)
            return (bytes(of: halves[0]), halves.count == 2 ? bytes(of: halves[1]) : [])
        }
    }

    private static func bytes(of part: Substring.UTF8View) -> [UInt8] {
        var (decoded, rest): ([UInt8], Substring.UTF8View) = ([], part)
        while let byte = rest.popFirst() {
            let digits = rest.prefix(2).compactMap(hexValue)
            if byte == UInt8(ascii: "%"), digits.count == 2 {
                decoded.append(digits[0] << 4 | digits[1])
                rest = rest.dropFirst(2)
            } else {
                decoded.append(byte == UInt8(ascii: "+") ? 0x20 : byte)
            }
        }
        return decoded
    }

    private static let hexDigits = Array("0123456789ABCDEF".utf8)

    private static func decodeComponent(_ part: some Collection<UInt8>) -> String? {
        var decoded: [UInt8] = []
        var bytes = part.makeIterator()
        while let byte = bytes.next() {
            switch byte {
            case UInt8(ascii: "+"): decoded.append(0x20)
            case UInt8(ascii: "%"):
                guard let high = bytes.next().flatMap(hexValue), let low = bytes.next().flatMap(hexValue)
                else { return nil }
                decoded.append(high << 4 | low)
            default: decoded.append(byte)
            }
        }
        return String(validating: decoded, as: UTF8.self)
    }

    private static func hexValue(_ byte: UInt8) -> UInt8? {
        Character(Unicode.Scalar(byte)).hexDigitValue.flatMap(UInt8.init(exactly:))
    }
}
