import Glibc

/// The hosts that keyfob connects to: names, and addresses in their one usual spelling.
enum HostName {
    static let ipv6Loopback: [UInt8] = Array(repeating: 0, count: 15) + [1]

    /// Whether `host` (in lower case) is a DNS name, a dotted quad or a bracketed IPv6 address that keyfob may connect
    /// to.
    ///
    /// Resolvers read `0x7f.1` and `127.1` as addresses. So a host whose last label looks like a number must be a
    /// dotted quad. Link-local, multicast and unspecified addresses are never an authorization server; cloud providers
    /// keep secrets at link-local addresses.
    static func isAcceptable(_ host: String) -> Bool {
        if host.hasPrefix("[") {
            guard let bytes = ipv6Bytes(host) else { return false }
            return isAcceptable(ipv6: bytes)
        }
        let labels = host.split(separator: ".", omittingEmptySubsequences: false)
        guard host.utf8.count <= 253, labels.allSatisfy(isLabel), let last = labels.last else { return false }
        guard last.first?.isNumber == true, last.allSatisfy(\.isNumber) || last.hasPrefix("0x") else { return true }
        guard let address = IPv4Address(host) else { return false }
        return address.isAcceptable
    }

    /// Returns the bytes of a host that is an address, or that always means this machine (`localhost`); nil for other
    /// names.
    static func address(_ host: String) -> [UInt8]? {
        if host == "localhost" || host.hasSuffix(".localhost") { return ipv6Loopback }
        return IPv4Address(host)?.bytes ?? ipv6Bytes(host)
    }

    /// Returns the 16 bytes of `[…]`; nil if the host is not an IPv6 address in brackets.
    static func ipv6Bytes(_ host: String) -> [UInt8]? {
        guard host.hasPrefix("["), host.hasSuffix("]") else { return nil }
        var address = in6_addr()
        guard unsafe inet_pton(AF_INET6, String(host.dropFirst().dropLast()), &address) == 1 else { return nil }
        return unsafe withUnsafeBytes(of: address) { unsafe Array($0) }
    }

    private static func isLabel(_ label: Substring) -> Bool {
        (1...63).contains(label.utf8.count) && label.first != "-" && label.last != "-"
            && label.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"),
                    UInt8(ascii: "_"):
                    true
                default: false
                }
            }
    }

    private static func isAcceptable(ipv6 bytes: [UInt8]) -> Bool {
        if bytes[..<10].allSatisfy({ $0 == 0 }) {
            // Unspecified, IPv4-mapped and IPv4-compatible addresses contain an IPv4 address. Only ::1 does not.
            return bytes == ipv6Loopback
        }
        let isNAT64 = bytes.starts(with: [0x00, 0x64, 0xFF, 0x9B])
        let isLinkLocal = bytes[0] == 0xFE && bytes[1] & 0xC0 == 0x80
        return !isNAT64 && !isLinkLocal && bytes[0] != 0xFF
    }
}

/// Four decimal numbers without leading zeros; no other spelling is accepted.
struct IPv4Address {
    let bytes: [UInt8]

    init?(_ text: String) {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        bytes = parts.compactMap { part in UInt8(part).flatMap { String($0) == part ? $0 : nil } }
        guard parts.count == 4, bytes.count == 4 else { return nil }
    }

    /// False for "this network", link-local, multicast and reserved addresses.
    var isAcceptable: Bool {
        bytes[0] != 0 && bytes[0] < 224 && !(bytes[0] == 169 && bytes[1] == 254)
    }
}
