import Secrets

/// The addresses that a host (in lower case, an IPv6 address in brackets) stands for.
package enum HostName {
    /// `::1`.
    package static let ipv6Loopback: [UInt8] = Array(repeating: 0, count: 15) + [1]

    /// The 4 or 16 bytes of a host that is written as an address; nil for a name.
    package static func bytes(_ host: String) -> [UInt8]? {
        let text = Array(host.utf8)[...]
        guard text.first == UInt8(ascii: "["), text.last == UInt8(ascii: "]") else { return IPv4Address(text)?.bytes }
        return IPv6Address(text.dropFirst().dropLast())?.bytes
    }

    /// The same, and `::1` for a name that always means this machine (`localhost`).
    package static func address(_ host: String) -> [UInt8]? {
        if host.isSame(as: "localhost") || host.ends(with: ".localhost") { return ipv6Loopback }
        return bytes(host)
    }

    /// Whether the host is written as this machine: `localhost`, 127.0.0.0/8 or `[::1]` (RFC 8252 section 7.3). No name is
    /// looked up, so a resolver cannot make a host a loopback host.
    static func isLoopback(_ host: String) -> Bool {
        if host.isSame(as: "localhost") { return true }
        guard let bytes = bytes(host) else { return false }
        return bytes.count == 4 ? bytes[0] == 127 : bytes == ipv6Loopback
    }

    /// Whether a server may have the host. Link-local addresses, at which cloud providers keep secrets, are refused,
    /// and so are multicast, unspecified and reserved ones. An IPv6 address that holds an IPv4 address is refused too,
    /// because it is another spelling of that one.
    static func mayBeServer(_ host: String) -> Bool {
        guard let bytes = bytes(host) else { return true }
        guard bytes.count == 16 else {
            return bytes[0] != 0 && bytes[0] < 224 && !(bytes[0] == 169 && bytes[1] == 254)
        }
        // Unspecified, IPv4-mapped and IPv4-compatible addresses. Only ::1 holds no IPv4 address.
        if bytes[..<10].allSatisfy({ $0 == 0 }) { return bytes == ipv6Loopback }
        let isNAT64 = bytes.starts(with: [0x00, 0x64, 0xFF, 0x9B])
        let isLinkLocal = bytes[0] == 0xFE && bytes[1] & 0xC0 == 0x80
        return !isNAT64 && !isLinkLocal && bytes[0] != 0xFF
    }
}
