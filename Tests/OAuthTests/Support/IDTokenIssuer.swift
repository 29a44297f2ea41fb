import Crypto
import CryptoExtras

@testable import OAuth

/// An issuer's keys, and what it says with them: made in the test, so that it may say anything.
struct IDTokenIssuer: Sendable {
    /// One for all tests: to make it takes a while.
    private static let rsa = try? _RSA.Signing.PrivateKey(keySize: .bits2048)

    let p256 = P256.Signing.PrivateKey()
    let p384 = P384.Signing.PrivateKey()
    let p521 = P521.Signing.PrivateKey()
    let ed25519 = Curve25519.Signing.PrivateKey()

    struct NoKey: Error {}

    /// The key set, as `jwks_uri` gives it; `more` are further keys, each a piece of JSON.
    func keySet(_ more: [String] = []) throws -> String {
        let rsa = try rsa().publicKey.getKeyPrimitives()
        let keys = [
            #"{"kty":"RSA","kid":"rsa","use":"sig","n":"\#(text(rsa.modulus))","e":"\#(text(rsa.publicExponent))"}"#,
            curve("P-256", "ES256", p256.publicKey.rawRepresentation),
            curve("P-384", "ES384", p384.publicKey.rawRepresentation),
            curve("P-521", "ES512", p521.publicKey.rawRepresentation),
            #"{"kty":"OKP","crv":"Ed25519","kid":"EdDSA","x":"\#(text(ed25519.publicKey.rawRepresentation))"}"#,
        ]
        return #"{"keys":[\#((more + keys).joined(separator: ","))]}"#
    }

    /// A token of these claims, signed as the header says; `identifier` is its `kid`.
    func token(
        _ claims: String, algorithm: String = "ES256", identifier: String? = "ES256", header more: String = ""
    ) throws -> String {
        let kid = identifier.map { #","kid":"\#($0)""# } ?? ""
        let signed = text(#"{"alg":"\#(algorithm)"\#(kid)\#(more)}"#.utf8) + "." + text(claims.utf8)
        return signed + "." + text(try signature(of: Array(signed.utf8), algorithm))
    }

    private func signature(of bytes: [UInt8], _ algorithm: String) throws -> [UInt8] {
        switch algorithm {
        case "RS256":
            Array(try rsa().signature(for: SHA256.hash(data: bytes), padding: .insecurePKCS1v1_5).rawRepresentation)
        case "PS384": Array(try rsa().signature(for: SHA384.hash(data: bytes), padding: .PSS).rawRepresentation)
        case "ES384": Array(try p384.signature(for: bytes).rawRepresentation)
        case "ES512": Array(try p521.signature(for: bytes).rawRepresentation)
        case "EdDSA": Array(try ed25519.signature(for: bytes))
        case "HS256": Array(HMAC<SHA256>.authenticationCode(for: bytes, using: SymmetricKey(data: Array("s".utf8))))
        case "none": []
        default: Array(try p256.signature(for: bytes).rawRepresentation)
        }
    }

    private func rsa() throws -> _RSA.Signing.PrivateKey {
        guard let key = Self.rsa else { throw NoKey() }
        return key
    }

    private func curve(_ curve: String, _ name: String, _ point: some Collection<UInt8>) -> String {
        let half = point.count / 2
        let (x, y) = (text(point.prefix(half)), text(point.suffix(half)))
        return #"{"kty":"EC","crv":"\#(curve)","kid":"\#(name)","alg":"\#(name)","x":"\#(x)","y":"\#(y)"}"#
    }

    private func text(_ bytes: some Sequence<UInt8>) -> String { Base64URL.encode(bytes) }
}
