/// The text of an IPv4 address: four decimal numbers without leading zeros. No other spelling is accepted.
struct IPv4Address: Equatable {
    /// Four bytes.
    let bytes: [UInt8]

    /// Returns nil unless `text` is an address.
    init?(_ text: ArraySlice<UInt8>) {
        let parts = text.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        bytes = parts.compactMap { part in
            guard part.allSatisfy(ASCII.isDigit), part.count == 1 || part.first != UInt8(ascii: "0") else { return nil }
            return UInt8(String(decoding: part, as: UTF8.self))
        }
        guard parts.count == 4, bytes.count == 4 else { return nil }
    }
}
