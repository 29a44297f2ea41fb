import Secrets

/// The grammar of `host[:port]` that keyfob accepts. It is narrower than RFC 3986, so that two programs cannot read one
/// text as two hosts.
enum HostGrammar {
    /// Returns the host in lower case and the port, if one is given.
    ///
    /// A host is a name of letters, digits, `-` and `_` between dots, an IPv4 address of four decimal octets, or an
    /// IPv6 address in brackets. Refused are, for example:
    ///
    /// - an empty host, a trailing dot, percent-encoding,
    /// - names that are not ASCII (punycode is accepted),
    /// - numbers that some resolvers read as an address (`127.1`, `0x7f000001`).
    static func split(_ text: ArraySlice<UInt8>) throws(ServiceURL.ParsingError) -> (host: String, port: Int?) {
        var host = text
        var port: Int?
        if let colon = text.lastIndex(of: UInt8(ascii: ":")), text.last != UInt8(ascii: "]") {
            guard let number = portNumber(text[(colon + 1)...]) else { throw .invalidPort }
            host = text[..<colon]
            port = number
        }
        guard isAddress6(host) || isNameOrAddress4(host) else { throw .invalidHost }
        return (String(decoding: host, as: UTF8.self).asciiLowercased, port)
    }

    /// Whether an accepted host is an address in 127.0.0.0/8 or `::1`.
    static func isLoopbackAddress(_ host: String) -> Bool {
        let bytes = Array(host.utf8)[...]
        if bytes.first == UInt8(ascii: "[") {
            return IPv6Address(bytes.dropFirst().dropLast())?.groups == [0, 0, 0, 0, 0, 0, 0, 1]
        }
        return isAddress4(bytes) && host.hasPrefix("127.")
    }

    /// Returns a port from 1 to 65535; nil for other numbers or leading zeros.
    private static func portNumber(_ digits: ArraySlice<UInt8>) -> Int? {
        guard (1...5).contains(digits.count), digits.allSatisfy(isDigit), digits.first != UInt8(ascii: "0") else {
            return nil
        }
        return Int(String(decoding: digits, as: UTF8.self)).flatMap { (1...65_535).contains($0) ? $0 : nil }
    }

    private static func isAddress6(_ host: ArraySlice<UInt8>) -> Bool {
        guard host.first == UInt8(ascii: "["), host.last == UInt8(ascii: "]"), host.count > 2 else { return false }
        return IPv6Address(host.dropFirst().dropLast()) != nil
    }

    private static func isNameOrAddress4(_ host: ArraySlice<UInt8>) -> Bool {
        let labels = host.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        guard host.count <= 253, let last = labels.last, labels.allSatisfy(isLabel) else { return false }
        return isNumber(last) ? isAddress4(host) : true
    }

    /// A label by RFC 1123 section 2.1. `_` is accepted too, because names in use contain it.
    private static func isLabel(_ label: ArraySlice<UInt8>) -> Bool {
        guard (1...63).contains(label.count), label.first != UInt8(ascii: "-"), label.last != UInt8(ascii: "-") else {
            return false
        }
        return label.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"): true
            case UInt8(ascii: "-"), UInt8(ascii: "_"): true
            default: isDigit(byte)
            }
        }
    }

    /// Whether a label is a number by the rule "ends in a number" of the URL Standard: only digits, or `0x` and
    /// hexadecimal digits.
    private static func isNumber(_ label: ArraySlice<UInt8>) -> Bool {
        if label.allSatisfy(isDigit) { return true }
        guard label.starts(with: [0x30, 0x78]) || label.starts(with: [0x30, 0x58]) else { return false }
        return label.dropFirst(2).allSatisfy(PercentEncoding.isHexadecimal)
    }

    /// Four decimal octets without leading zeros.
    static func isAddress4(_ host: ArraySlice<UInt8>) -> Bool {
        let octets = host.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        return octets.count == 4
            && octets.allSatisfy { octet in
                (1...3).contains(octet.count) && octet.allSatisfy(isDigit)
                    && (octet.count == 1 || octet.first != UInt8(ascii: "0"))
                    && UInt8(String(decoding: octet, as: UTF8.self)) != nil
            }
    }

    static func isDigit(_ byte: UInt8) -> Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) }
}
