/// The text of an IPv6 address (RFC 4291 section 2.2), without brackets and without a zone.
struct IPv6Address: Equatable {
    /// Eight groups of 16 bits.
    let groups: [UInt16]

    /// The 16 bytes of the groups.
    var bytes: [UInt8] { groups.flatMap { [UInt8($0 >> 8), UInt8($0 & 0xFF)] } }

    /// Returns nil unless `text` is an address. An IPv4 address may replace the last two groups.
    init?(_ text: ArraySlice<UInt8>) {
        let halves = Self.halves(of: text)
        guard halves.count <= 2,
            let head = halves.first.flatMap({ Self.groups(of: $0, mayEndInIPv4: halves.count == 1) })
        else { return nil }
        guard halves.count == 2 else {
            guard head.count == 8 else { return nil }
            groups = head
            return
        }
        guard let tail = Self.groups(of: halves[1], mayEndInIPv4: true), head.count + tail.count <= 7 else {
            return nil
        }
        groups = head + Array(repeating: 0, count: 8 - head.count - tail.count) + tail
    }

    /// Splits the text at each `::`. `:::` leaves an empty group, which is refused later.
    private static func halves(of text: ArraySlice<UInt8>) -> [ArraySlice<UInt8>] {
        var halves: [ArraySlice<UInt8>] = []
        var start = text.startIndex
        var index = text.startIndex
        while index + 1 < text.endIndex {
            if text[index] == UInt8(ascii: ":"), text[index + 1] == UInt8(ascii: ":") {
                halves.append(text[start..<index])
                start = index + 2
                index += 1
            }
            index += 1
        }
        return halves + [text[start...]]
    }

    private static func groups(of text: ArraySlice<UInt8>, mayEndInIPv4: Bool) -> [UInt16]? {
        guard !text.isEmpty else { return [] }
        let parts = text.split(separator: UInt8(ascii: ":"), omittingEmptySubsequences: false)
        var groups: [UInt16] = []
        for (index, part) in parts.enumerated() {
            if mayEndInIPv4, index == parts.count - 1, let address = IPv4Address(part) {
                let octets = address.bytes.map { UInt16($0) }
                groups += [octets[0] << 8 | octets[1], octets[2] << 8 | octets[3]]
            } else {
                guard (1...4).contains(part.count), part.allSatisfy(ASCII.isHexadecimal),
                    let group = UInt16(String(decoding: part, as: UTF8.self), radix: 16)
                else { return nil }
                groups.append(group)
            }
        }
        return groups
    }
}
