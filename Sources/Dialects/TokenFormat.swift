package import CredentialProtocol
import FoundationEssentials
import Secrets

/// How `keyfob token` prints a token: for scripts and editors that shell out for one.
///
/// Not supported: stored passwords, which are no tokens. Not found: nothing on standard output, exit status 1. It may
/// ask, unless told not to. The output ends with LF.
package enum TokenFormat: String, Sendable, CaseIterable {
    /// The token alone.
    case token
    /// A header field, as `curl -H @-` reads it: `Authorization: Bearer TOKEN` (RFC 6750 section 2.1).
    case header
    /// One JSON object: `access_token`, `token_type`, `username` where there is one, and `expires_at` in seconds since
    /// 1970-01-01 UTC where it is known.
    case json

    private struct JSONToken: Encodable {
        var accessToken: String
        var tokenType: String
        var username: String?
        var expiresAt: Int64?
    }

    /// The bytes to print.
    ///
    /// - Throws: `ResponseError.forbiddenByte` where the token is not visible ASCII, so that nothing else can be smuggled
    ///   out; `.empty` where there is no byte of it.
    package func encode(_ response: CredentialResponse) throws -> [UInt8] {
        let token = response.password.exposedBytes
        guard !token.isEmpty else { throw ResponseError.empty(.password) }
        guard token.allSatisfy({ (0x21...0x7E).contains($0) }) else {
            throw ResponseError.forbiddenByte(.password)
        }
        let text = String(decoding: token, as: UTF8.self)
        let type = response.authtype ?? "Bearer"
        switch self {
        case .token: return token + [UInt8(ascii: "\n")]
        case .header: return Array("Authorization: \(type) \(text)\n".utf8)
        case .json:
            let encoder = JSONEncoder()
            encoder.keyEncodingStrategy = .convertToSnakeCase
            encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
            let object = JSONToken(
                accessToken: text, tokenType: type, username: response.username, expiresAt: response.passwordExpiryUTC)
            return Array(try encoder.encode(object)) + [UInt8(ascii: "\n")]
        }
    }
}
