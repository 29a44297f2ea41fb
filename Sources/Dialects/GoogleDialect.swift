package import CredentialProtocol
import JSON

/// Google's executable-sourced credentials (google.aip.dev/auth/4117, "Determining the subject token in
/// executable-sourced credentials"): every Google library then exchanges keyfob's token for one of Google's.
///
/// `get URL`, with the URL of the identity provider's service. The answer is one JSON object with a token of the type
/// in `$GOOGLE_EXTERNAL_ACCOUNT_TOKEN_TYPE`, which the credential configuration sets.
///
/// - Not supported: SAML; access tokens that are not JWTs (RFC 9068), because Google cannot verify them; `output_file`,
///   because keyfob writes no token to a file. Google's library then asks each time.
/// - Not found, and every failure: `{"version":1,"success":false,"code":…,"message":…}` and an exit status.
/// - Deadline: Google's is 5 seconds or more (`timeout_millis`); keyfob stops after 4. It never asks the user.
package struct GoogleDialect: Dialect {
    package static let name = "google"
    package static let deadline: Duration? = .seconds(4)

    private var tokenType = ""

    package init() {}

    package mutating func question(_ invocation: Invocation) throws(InvocationError) -> Question {
        guard invocation.arguments.count == 2, invocation.arguments[0] == "get" else {
            throw .usage("keyfob get --dialect google URL")
        }
        tokenType = invocation.nonempty("GOOGLE_EXTERNAL_ACCOUNT_TOKEN_TYPE") ?? "urn:ietf:params:oauth:token-type:jwt"
        guard Self.tokenTypes.contains(tokenType) else { throw .malformed("the token type that was asked for") }
        return .get(try CredentialRequest(service: invocation.arguments[1]))
    }

    package func found(_ answer: Answer, for request: CredentialRequest) throws(ResponseError) -> Reply {
        guard answer.response.authtype != nil else { return notFound(request) }
        let token = try answer.response.accessToken()
        guard Self.isJWT(token) else {
            return failed(Report(.noCredential, "the access token for \(request.host) is not a JWT"))
        }
        return Reply(
            JSON.object([
                "version": .number(1), "success": .bool(true), "token_type": .string(tokenType),
                "id_token": .string(token), "expiration_time": answer.renewal.map { .number($0) },
            ]).line)
    }

    package func failed(_ report: Report) -> Reply {
        let object = JSON.object([
            "version": .number(1), "success": .bool(false), "code": .string(report.code.rawValue),
            "message": .string(report.sentence),
        ])
        return Reply(object.line, status: report.status)
    }

    /// Whether the token consists of three parts of base64url (RFC 7515 section 7.1).
    private static func isJWT(_ token: String) -> Bool {
        let parts = token.split(separator: ".", omittingEmptySubsequences: false)
        return parts.count == 3
            && parts.allSatisfy { part in
                !part.isEmpty && part.utf8.allSatisfy { isBase64URL($0) }
            }
    }

    private static func isBase64URL(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"):
            true
        default: false
        }
    }

    private static let tokenTypes = [
        "urn:ietf:params:oauth:token-type:jwt", "urn:ietf:params:oauth:token-type:id_token",
    ]
}
