import Addresses
import Glibc

/// How near an address is to this machine. A document must not name an address that is nearer than its own server (RFC
/// 9728 section 7.7). Otherwise a server could make keyfob send requests to services that only this machine can reach.
enum AddressRange: Int, Comparable {
    /// 127.0.0.0/8 and ::1.
    case loopback
    /// Addresses that are not routed on the Internet: RFC 1918, RFC 6598, RFC 4193, and special-purpose blocks.
    case nearby
    case everywhere

    /// The range of an address of 4 or 16 bytes. Returns nil for addresses that no server may have: "this network",
    /// link-local (where cloud providers keep secrets), multicast and reserved addresses.
    init?(_ bytes: [UInt8]) {
        let range =
            switch bytes.count {
            case 4: Self.range(ipv4: bytes)
            case 16: Self.range(ipv6: bytes)
            default: Self?.none
            }
        guard let range else { return nil }
        self = range
    }

    static func < (left: Self, right: Self) -> Bool { left.rawValue < right.rawValue }

    /// Uses IANA's registry of special-purpose addresses (RFC 6890).
    private static func range(ipv4 bytes: [UInt8]) -> Self? {
        switch (bytes[0], bytes[1], bytes[2]) {
        case (0, _, _), (169, 254, _), (224..., _, _): nil
        case (127, _, _): .loopback
        case (10, _, _), (172, 16...31, _), (192, 168, _), (100, 64...127, _), (198, 18...19, _): .nearby
        case (192, 0, 0), (192, 0, 2), (198, 51, 100), (203, 0, 113): .nearby
        default: .everywhere
        }
    }

    private static func range(ipv6 bytes: [UInt8]) -> Self? {
        if bytes == HostName.ipv6Loopback { return .loopback }
        // An IPv6 address that stands for an IPv4 address has the range of that address. It is mapped (RFC 4291 section
        // 2.5.5.2), translated (RFC 6052, in IPv6-only networks) or tunnelled (RFC 3056).
        let mapped = [UInt8](repeating: 0, count: 10) + [0xFF, 0xFF]
        let translated: [UInt8] = [0x00, 0x64, 0xFF, 0x9B] + [UInt8](repeating: 0, count: 8)
        if bytes.starts(with: mapped) || bytes.starts(with: translated) { return range(ipv4: Array(bytes[12...])) }
        if bytes.starts(with: [0x20, 0x02]) { return range(ipv4: Array(bytes[2..<6])) }
        switch (bytes[0], bytes[1]) {
        case (0, 0), (0xFE, 0x80...0xBF), (0xFF, _): return nil
        case (0x20...0x3F, _): return .everywhere
        default: return .nearby
        }
    }
}
