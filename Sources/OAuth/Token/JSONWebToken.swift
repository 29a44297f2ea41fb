import Secrets

/// A JSON Web Token in its compact form: header, claims and signature (RFC 7519 section 3, RFC 7515 section 7.1).
///
/// The signature is not checked: see ``IDToken``.
struct JSONWebToken {
    /// `alg` of the header, as the server wrote it.
    let algorithm: String
    let claims: UncheckedClaims

    /// - Throws: `invalidIDToken` with `alg` or `crit` for an error in the header, or `JWT` for any other.
    init(_ token: Secret) throws(OAuthError) {
        let parts = token.exposedBytes.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        guard parts.count == 3, let head = Base64URL.decode(parts[0]), let payload = Base64URL.decode(parts[1]),
            Base64URL.decode(parts[2]) != nil
        else { throw .invalidIDToken(member: "JWT") }
        do {
            let header = try JSONObject(head)
            // RFC 7515 section 4.1.1: every header has one.
            guard let algorithm = try header.string("alg") else { throw OAuthError.invalidIDToken(member: "alg") }
            // RFC 7515 section 4.1.11: `crit` names extensions that the reader must understand. keyfob supports none.
            guard !header.has("crit") else { throw OAuthError.invalidIDToken(member: "crit") }
            self.algorithm = algorithm
            claims = UncheckedClaims(try JSONObject(payload))
        } catch let error as OAuthError {
            throw error
        } catch {
            throw .invalidIDToken(member: "JWT")
        }
    }
}
