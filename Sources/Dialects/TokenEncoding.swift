import CredentialProtocol
import Glibc
import Secrets

/// Encodes tokens, header fields and times for callers.
extension CredentialResponse {
    /// The access token.
    ///
    /// - Throws: `ResponseError.forbiddenByte` if it is not visible ASCII, so that it cannot smuggle in other output;
    ///   `.empty` if it is empty.
    func accessToken() throws(ResponseError) -> String {
        let token = password.exposedBytes
        guard !token.isEmpty else { throw .empty(.password) }
        guard token.allSatisfy({ (0x21...0x7E).contains($0) }) else { throw .forbiddenByte(.password) }
        return String(decoding: token, as: UTF8.self)
    }

    /// The access token, or the stored password, which may hold spaces and other text.
    func secretText() throws(ResponseError) -> String {
        let text = try wholeText()
        guard !text.utf8.contains(where: AttributeLines.isControl) else { throw .forbiddenByte(.password) }
        return text
    }

    /// The same for callers that can read any text: the stored password may also hold line breaks.
    func wholeText() throws(ResponseError) -> String {
        if authtype != nil { return try accessToken() }
        guard let text = password.exposedText else { throw .forbiddenByte(.password) }
        return text
    }

    /// The user name for the token or the password; empty if there is none.
    func name() throws(ResponseError) -> String {
        let name = username ?? ""
        guard !name.utf8.contains(where: AttributeLines.isControl) else { throw .forbiddenByte(.username) }
        return name
    }

    /// The value of the `Authorization` field: `Bearer TOKEN` (RFC 6750 section 2.1), or `Basic` with the stored user
    /// name and password (RFC 7617). A user name with a colon is refused.
    func authorization() throws(ResponseError) -> String {
        if let authtype { return try "\(authtype) \(accessToken())" }
        let pair = try (name: name(), secret: secretText())
        guard !pair.name.holds(":") else { throw .forbiddenByte(.username) }
        return "Basic " + Base64.encode("\(pair.name):\(pair.secret)")
    }
}

extension Answer {
    /// When the caller should ask again, in seconds since 1970. This is a little before the token expires, so that the
    /// token does not expire while a request is on its way. Nil if the expiry is unknown.
    var renewal: Int64? {
        response.passwordExpiryUTC.map { end in
            end - min(Self.margin, max(end - now, 0) / 2)
        }
    }

    /// ``renewal`` as an RFC 3339 timestamp in UTC; nil also if that format cannot express the time. The C library
    /// formats it.
    var renewalTimestamp: String? {
        guard let renewal else { return nil }
        var (time, parts) = unsafe (time_t(renewal), tm())
        guard unsafe gmtime_r(&time, &parts) != nil else { return nil }
        var text = [CChar](repeating: 0, count: 32)
        let count = unsafe strftime(&text, text.count, "%Y-%m-%dT%H:%M:%SZ", &parts)
        guard count == "2030-03-17T18:46:10Z".utf8.count else { return nil }
        return String(decoding: text[..<count].map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    /// In seconds: allows for a request on its way, and for clocks that differ.
    private static let margin: Int64 = 30
}
