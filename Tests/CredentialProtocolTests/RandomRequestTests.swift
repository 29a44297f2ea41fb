import Addresses
import CredentialProtocol
import Testing

/// SplitMix64: the same requests in each run, so that a failure can be repeated.
struct SplitMix: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}

/// Properties of every accepted request, whatever was sent.
@Suite struct `Random requests` {
    private static let pieces: [[UInt8]] =
        Attribute.allCases.map { Array("\($0.rawValue)=".utf8) }
        + [
            "https", "http", "cert", "git.example.com", "evil.example", "[::1]", ":8443", "://", "@", "/", "..", "%0a",
            "%2e", "%", "=", "\n", "\n", "\n", "\n\n", "\r", "\0", "\t", "\u{2028}", "1", "true", "Bearer", " ", "\\",
            "?",
        ].map { Array($0.utf8) } + [[0xFF], [0xC3], [0xE2, 0x80]]

    private static func request(_ generator: inout SplitMix) -> [UInt8] {
        let start = Bool.random(using: &generator) ? service : ""
        return Array(start.utf8)
            + (0..<Int.random(in: 0...12, using: &generator)).flatMap { _ in
                pieces[Int.random(in: 0..<pieces.count, using: &generator)]
            }
    }

    @Test(arguments: [1, 2, 3, 4] as [UInt64])
    func `An accepted request names a service and contains no control character`(seed: UInt64) {
        var generator = SplitMix(state: seed)
        var accepted = 0
        for _ in 0..<5_000 {
            let input = Self.request(&generator)
            for dialect in [GitDialect(), LineDialect()] as [any AttributeDialect] {
                guard let request = try? dialect.decode(input, for: .get) else { continue }
                accepted += 1
                let isHTTP = ["http", "https"].contains(request.protocolName.lowercased())
                #expect(isHTTP ? request.url != nil : !(request.host + (request.path ?? "")).isEmpty)
                let texts = [request.protocolName, request.host, request.path, request.username, request.authtype]
                #expect(!texts.compactMap(\.self).contains { $0.utf8.contains(where: AttributeLines.isControl) })
                if let url = request.url { #expect(url.isAmbiguous || (try? ServiceURL(url.description)) == url) }
            }
        }
        #expect(accepted > 100)
    }
}
