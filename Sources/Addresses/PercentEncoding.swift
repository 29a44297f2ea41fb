/// Percent-encoding (RFC 3986 section 2.1), on bytes.
package enum PercentEncoding {
    /// Returns the decoded bytes; nil if a `%` lacks its two hexadecimal digits.
    package static func decode(_ bytes: ArraySlice<UInt8>) -> [UInt8]? {
        var decoded: [UInt8] = []
        decoded.reserveCapacity(bytes.count)
        var index = bytes.startIndex
        while index < bytes.endIndex {
            guard bytes[index] == UInt8(ascii: "%") else {
                decoded.append(bytes[index])
                index += 1
                continue
            }
            let digits = bytes[(index + 1)...].prefix(2)
            guard digits.count == 2, digits.allSatisfy(ASCII.isHexadecimal),
                let byte = UInt8(String(decoding: digits, as: UTF8.self), radix: 16)
            else { return nil }
            decoded.append(byte)
            index += 3
        }
        return decoded
    }

    /// Returns `bytes` as text. Bytes that are not UTF-8 are percent-encoded; everything else is unchanged.
    package static func text(_ bytes: some Collection<UInt8>) -> String {
        var text = ""
        var decoder = UTF8()
        var rest = Array(bytes)[...]
        while !rest.isEmpty {
            var iterator = rest.makeIterator()
            switch decoder.decode(&iterator) {
            case .scalarValue(let scalar):
                text.unicodeScalars.append(scalar)
                rest = rest.dropFirst(UTF8.width(scalar))
            case .error, .emptyInput:
                text += encode(rest[rest.startIndex])
                rest = rest.dropFirst()
            }
            decoder = UTF8()
        }
        return text
    }

    /// Encodes a path segment (RFC 3986 section 3.3): every byte outside `pchar` is percent-encoded.
    package static func encode(segment: String) -> String {
        var encoded = ""
        for byte in segment.utf8 {
            if isPathCharacter(byte) {
                encoded.unicodeScalars.append(Unicode.Scalar(byte))
            } else {
                encoded += encode(byte)
            }
        }
        return encoded
    }

    private static func encode(_ byte: UInt8) -> String {
        let digits = String(byte, radix: 16, uppercase: true)
        return digits.count == 2 ? "%" + digits : "%0" + digits
    }

    private static func isPathCharacter(_ byte: UInt8) -> Bool {
        ASCII.isLetter(byte) || ASCII.isDigit(byte) || "-._~!$&'()*+,;=:@".utf8.contains(byte)
    }
}
