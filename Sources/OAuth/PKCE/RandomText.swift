/// Unguessable texts from the system's random source (getrandom(2), through `SystemRandomNumberGenerator`).
enum RandomText {
    /// Returns `bits` of randomness as base64url: 43 characters for 256 bits, 22 for 128.
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
