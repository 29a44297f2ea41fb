import Secrets
import Testing

@testable import OAuth

@Suite struct `A code verifier` {
    @Test func `has the challenge of RFC 7636 appendix B`() {
        let verifier = CodeVerifier("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk")
        #expect(verifier.challenge == "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM")
    }

    @Test func `has 43 unreserved characters and is new each time`() throws {
        let verifiers = try (0..<1_000).map { _ in try #require(CodeVerifier().secret.exposedText) }
        #expect(Set(verifiers).count == 1_000)
        for verifier in verifiers {
            #expect(verifier.count == 43)
            #expect(verifier.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "-" || $0 == "_") })
        }
    }

    @Test(arguments: [(64, 11), (128, 22), (256, 43)])
    func `and other random texts have the length for their number of bits`(bits: Int, characters: Int) {
        #expect(RandomText.base64URL(bits: bits).count == characters)
    }
}

@Suite struct `Base64url` {
    /// RFC 4648 section 10, and the bytes that differ from plain base64.
    @Test(arguments: [
        ("", ""), ("f", "Zg"), ("fo", "Zm8"), ("foo", "Zm9v"), ("foob", "Zm9vYg"), ("fooba", "Zm9vYmE"),
        ("foobar", "Zm9vYmFy"), ("\u{3FB}~?", "z7t-Pw"),
    ])
    func `follows the vectors of RFC 4648`(text: String, encoded: String) {
        #expect(Base64URL.encode(Array(text.utf8)) == encoded)
    }

    /// RFC 7636 appendix A.
    @Test func `follows the vector of RFC 7636`() {
        #expect(Base64URL.encode([3, 236, 255, 224, 193]) == "A-z_4ME")
    }
}
