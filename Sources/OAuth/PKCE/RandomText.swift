/// Unguessable texts, from the system's source (getrandom(2), through `SystemRandomNumberGenerator`).
enum RandomText {
    /// `bits` of randomness as base64url: 256 bits are 43 characters, 128 are 22.
    static func base64URL(bits: Int) -> String {
        var generator = SystemRandomNumberGenerator()
        var bytes: [UInt8] = []
        for _ in 0..<(bits + 63) / 64 {
            let word: UInt64 = generator.next()
            bytes += (0..<8).map { UInt8(truncatingIfNeeded: word >> (8 * $0)) }
        }
        return Base64URL.encode(bytes.prefix(bits / 8))
    }
}
