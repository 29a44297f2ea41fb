import Secrets

/// The grammar of `host[:port]` that keyfob accepts. It is narrower than RFC 3986, so that two programs cannot read one
/// text as two hosts.
enum HostGrammar {
    enum Problem: Error { case invalidHost, invalidPort }

    /// Returns the host in lower case and the port, if one is given.
    ///
    /// A host is a name of letters, digits, `-` and `_` between dots, an IPv4 address of four decimal octets, or an
    /// IPv6 address in brackets. Refused are, for example:
    ///
    /// - an empty host, a trailing dot, percent-encoding,
    /// - names that are not ASCII (punycode is accepted),
    /// - numbers that some resolvers read as an address (`127.1`, `0x7f000001`).
    static func split(_ text: ArraySlice<UInt8>) throws(Problem) -> (host: String, port: Int?) {
        let hostEnd =
            text.first == UInt8(ascii: "[")
            ? text.firstIndex(of: UInt8(ascii: "]")).map { $0 + 1 } : text.firstIndex(of: UInt8(ascii: ":"))
        let host = text[..<(hostEnd ?? text.endIndex)]
        guard isAddress6(host) || isNameOrAddress4(host) else { throw .invalidHost }
        let name = String(decoding: host, as: UTF8.self).asciiLowercased
        let rest = text[host.endIndex...]
        if rest.isEmpty { return (name, nil) }
        guard rest.first == UInt8(ascii: ":"), let port = portNumber(rest.dropFirst()) else { throw .invalidPort }
        return (name, port)
    }

    /// Returns a port from 1 to 65535; nil for other numbers or leading zeros.
    private static func portNumber(_ digits: ArraySlice<UInt8>) -> Int? {
        guard (1...5).contains(digits.count), digits.allSatisfy(ASCII.isDigit), digits.first != UInt8(ascii: "0")
        else { return nil }
        return Int(String(decoding: digits, as: UTF8.self)).flatMap { (1...65_535).contains($0) ? $0 : nil }
    }

    private static func isAddress6(_ host: ArraySlice<UInt8>) -> Bool {
        guard host.first == UInt8(ascii: "["), host.last == UInt8(ascii: "]"), host.count > 2 else { return false }
        return IPv6Address(host.dropFirst().dropLast()) != nil
    }

    private static func isNameOrAddress4(_ host: ArraySlice<UInt8>) -> Bool {
        let labels = host.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        guard host.count <= 253, let last = labels.last, labels.allSatisfy(isLabel) else { return false }
        return isNumber(last) ? IPv4Address(host) != nil : true
    }

    /// A label by RFC 1123 section 2.1. `_` is accepted too, because names in use contain it.
    private static func isLabel(_ label: ArraySlice<UInt8>) -> Bool {
        guard (1...63).contains(label.count), label.first != UInt8(ascii: "-"), label.last != UInt8(ascii: "-") else {
            return false
        }
        return label.allSatisfy { ASCII.isLetter($0) || ASCII.isDigit($0) || "-_".utf8.contains($0) }
    }

    /// Whether a label is a number by the rule "ends in a number" of the URL Standard: only digits, or `0x` and
    /// hexadecimal digits.
    private static func isNumber(_ label: ArraySlice<UInt8>) -> Bool {
        if label.allSatisfy(ASCII.isDigit) { return true }
        guard label.starts(with: [0x30, 0x78]) || label.starts(with: [0x30, 0x58]) else { return false }
        return label.dropFirst(2).allSatisfy(ASCII.isHexadecimal)
    }
}
