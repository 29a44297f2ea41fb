package import CredentialProtocol
import JSON
import Secrets

/// The output formats of `keyfob token`, for scripts, editors and mail programs that run a command to get a token.
///
/// Not supported: stored passwords, which are not tokens. Not found: nothing on standard output, exit status 1. keyfob
/// may ask the user, unless an option forbids it. The output ends with LF.
package enum TokenFormat: String, Sendable, CaseIterable {
    /// Only the token.
    case token
    /// A header field that `curl -H @-` reads: `Authorization: Bearer TOKEN` (RFC 6750 section 2.1).
    case header
    /// One JSON object: `access_token`, `token_type`, `username` if there is one, and `expires_at` in seconds since
    /// 1970-01-01 UTC if it is known.
    case json
    /// A line of a curl configuration file, for `curl -K -` (curl(1), `--config`).
    case curl
    /// Lines for `eval` in a POSIX shell: `KEYFOB_TOKEN`, `KEYFOB_TOKEN_TYPE` and, if known, `KEYFOB_TOKEN_EXPIRES_AT`
    /// in seconds since 1970.
    case env
    /// The client's response in SASL XOAUTH2, in base64 (developers.google.com/gmail/imap/xoauth2-protocol). Needs the
    /// user.
    case xoauth2

    /// Returns the bytes to print.
    ///
    /// - Parameter user: the owner of the mailbox; used by ``xoauth2`` only.
    /// - Throws: `ResponseError.forbiddenByte` if the token is not visible ASCII, so that it cannot smuggle in other
    ///   output, or if `user` holds a control character; `.empty` if the token is empty or a required user is missing.
    package func encode(_ response: CredentialResponse, user: String? = nil) throws(ResponseError) -> [UInt8] {
        let token = try response.accessToken()
        let type = response.authtype ?? "Bearer"
        switch self {
        case .token: return Array("\(token)\n".utf8)
        case .header: return Array("Authorization: \(type) \(token)\n".utf8)
        case .json:
            return JSON.object([
                "access_token": .string(token), "token_type": .string(type),
                "username": response.username.map { .string($0) },
                "expires_at": response.passwordExpiryUTC.map { .number($0) },
            ]).line
        case .curl: return Array("header = \"Authorization: \(Self.escaped("\(type) \(token)"))\"\n".utf8)
        case .env: return Array(Self.assignments(token, type, expiresAt: response.passwordExpiryUTC).utf8)
        case .xoauth2: return try Self.xoauth2(token, user: user)
        }
    }

    /// Escapes text for the quotation marks of curl's configuration files.
    private static func escaped(_ text: String) -> String {
        text.unicodeScalars.map { $0 == "\"" || $0 == "\\" ? "\\\($0)" : String($0) }.joined()
    }

    private static func assignments(_ token: String, _ type: String, expiresAt: Int64?) -> String {
        // Between single quotation marks, a shell takes every character literally up to the next one.
        let quoted = { (text: String) in
            "'" + text.parts(at: "'").joined(separator: #"'\''"#) + "'"
        }
        return "KEYFOB_TOKEN=\(quoted(token))\nKEYFOB_TOKEN_TYPE=\(quoted(type))\n"
            + (expiresAt.map { "KEYFOB_TOKEN_EXPIRES_AT='\($0)'\n" } ?? "")
    }

    private static func xoauth2(_ token: String, user: String?) throws(ResponseError) -> [UInt8] {
        guard let user, !user.isEmpty else { throw .empty(.username) }
        guard !user.utf8.contains(where: AttributeLines.isControl) else { throw .forbiddenByte(.username) }
        let answer = "user=\(user)\u{1}auth=Bearer \(token)\u{1}\u{1}"
        return Array((Base64.encode(answer) + "\n").utf8)
    }
}
