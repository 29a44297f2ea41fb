import Addresses
import Glibc
import Secrets

extension HTTPResponse {
    /// Checks that the status is a final answer.
    ///
    /// - Throws: `redirected` for 3xx; `unavailable` for 5xx, and for a 4xx after which a retry may succeed.
    func checkAnswered(by host: String) throws(OAuthError) {
        switch status {
        case 300..<400:
            throw .redirected(host: host, status: status)
        case 408, 425, 429, 500...:
            throw .unavailable(host: host, status: status, retryAfter: retryAfter)
        default: break
        }
    }

    /// The seconds after which the server may be asked again (RFC 9110 section 10.2.3); nil if it does not say.
    var retryAfter: Int? { field("Retry-After").flatMap { RetryAfter.seconds($0, now: Int64(time(nil))) } }

    /// Returns the body as a JSON object, whatever its type is said to be.
    ///
    /// - Throws: `notJSON` if the body does not begin like a JSON object; `malformed` if it cannot be read; the reason why
    ///   it is incomplete or damaged, if it is.
    func jsonObject(from host: String) throws(OAuthError) -> JSONObject {
        if let fault { throw fault }
        do {
            return try JSONObject(tolerantly: body.exposedBytes)
        } catch .notAnObject {
            throw .notJSON(host: host, contentType: mediaType)
        } catch {
            throw OAuthError(error, host: host)
        }
    }

    /// `type/subtype` of the Content-Type in lower case, without the secrets of the request; nil if there is none in the form
    /// of names that are in use.
    var mediaType: String? {
        let value = field("Content-Type")?.asciiLowercased.prefix { $0 != ";" && $0 != " " } ?? ""
        let parts = value.parts(at: "/")
        guard parts.count == 2, value.utf8.count <= 100, parts[0].utf8.allSatisfy(ASCII.isLetter),
            parts[1].utf8.allSatisfy({ ASCII.isLetter($0) || ASCII.isDigit($0) || "+-.".utf8.contains($0) })
        else { return nil }
        return ServerText.printable(String(value), without: sentSecrets)
    }
}

extension OAuthError {
    /// Describes an error in a JSON body, with the host that sent it.
    init(_ error: JSONObject.ParsingError, host: String) {
        switch error {
        case .notAnObject, .malformed: self = .malformed(host: host, member: "JSON")
        case .duplicate(let member), .type(let member): self = .malformed(host: host, member: member)
        }
    }
}
