import CredentialProtocol
import Testing

/// Properties of every field, whatever a server sends.
@Suite struct `Random challenges` {
    private static let pieces = [
        "Bearer", "basic", "Negotiate", "realm", "scope", "resource_metadata", "=", "=", " = ", "\"", "\"", "\\",
        "\\\"",
        ",", ", ", " ", "\t", "a", "YII=", "==", "\"a b\"", "\"x\\\"y\"", "\u{0}", "\r\n", "\u{E9}", "(", "/", "@", ";",
    ]

    private static func field(_ generator: inout SplitMix) -> String {
        let start = Bool.random(using: &generator) ? "Bearer realm=\"a\", " : ""
        return (0..<Int.random(in: 0...14, using: &generator)).reduce(start) { field, _ in
            field + pieces[Int.random(in: 0..<pieces.count, using: &generator)]
        }
    }

    /// Writes a challenge in the simplest form.
    private static func write(_ challenge: AuthenticationChallenge) -> String {
        if let token68 = challenge.token68 { return "\(challenge.scheme) \(token68)" }
        let parameters = challenge.parameters.map { name, value in
            "\(name)=\"\(value.replacing("\\", with: "\\\\").replacing("\"", with: "\\\""))\""
        }
        return ([challenge.scheme] + [parameters.joined(separator: ", ")]).joined(
            separator: parameters.isEmpty ? "" : " ")
    }

    @Test(arguments: [1, 2, 3, 4] as [UInt64])
    func `A parsed challenge can be written and parsed again, and has no control character`(seed: UInt64) {
        var generator = SplitMix(state: seed)
        var found = 0
        for _ in 0..<5_000 {
            let field = Self.field(&generator)
            let challenges = AuthenticationChallenge.parse([field])
            found += challenges.count
            #expect(AuthenticationChallenge.parse([challenges.map(Self.write).joined(separator: ", ")]) == challenges)
            #expect(challenges.allSatisfy { $0.token68 == nil || $0.parameters.isEmpty })
            let texts = challenges.flatMap { [$0.scheme] + $0.parameters.keys + $0.parameters.values }
            #expect(!texts.contains { $0.utf8.contains { AttributeLines.isControl($0) && $0 != 0x09 } })
        }
        #expect(found > 500)
    }

    @Test(arguments: [5, 6] as [UInt64])
    func `A field never changes the meaning of another one`(seed: UInt64) {
        var generator = SplitMix(state: seed)
        for _ in 0..<2_000 {
            let fields = [Self.field(&generator), Self.field(&generator)]
            #expect(
                AuthenticationChallenge.parse(fields) == fields.flatMap { AuthenticationChallenge.parse([$0]) })
        }
    }
}
