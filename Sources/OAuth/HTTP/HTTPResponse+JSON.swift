import Glibc
import Secrets

extension HTTPResponse {
    /// Throws where the status says that there is no answer to read: a redirect, or a server that cannot answer now.
    func checkAnswered(by host: String) throws(OAuthError) {
        switch status {
        case 300..<400:
            throw .redirected(host: host, status: status)
        case 429, 500...:
            let retryAfter = field("Retry-After").flatMap { RetryAfter.seconds($0, now: Int64(time(nil))) }
            throw .unavailable(host: host, status: status, retryAfter: retryAfter)
        default: break
        }
    }

    /// The body as a JSON object.
    ///
    /// A body that was declared as something else, or does not begin as JSON, is `notJSON`; one that is broken or says a
    /// thing twice is `malformed`. An undeclared body and the types that careless servers use for JSON get a chance.
    func jsonObject(from host: String) throws(OAuthError) -> JSONObject {
        try checkEncoding(from: host)
        let type = mediaType
        let mayBeJSON = type == nil || type == "text/plain" || type == "text/javascript"
        guard mayBeJSON || type == "application/json" || type?.hasSuffix("+json") == true
        else { throw .notJSON(host: host, contentType: type) }
        do {
            return try JSONObject(body.exposedBytes)
        } catch .notAnObject {
            throw .notJSON(host: host, contentType: type)
        } catch {
            throw OAuthError(error, host: host)
        }
    }

    /// We ask for `identity`; a coded body is not unpacked, so that it cannot be a bomb.
    func checkEncoding(from host: String) throws(OAuthError) {
        if let encoding = field("Content-Encoding"), encoding.lowercased() != "identity" {
            throw .malformed(host: host, member: "Content-Encoding")
        }
    }

    /// `type/subtype` of the Content-Type in lower case.
    var mediaType: String? {
        guard let value = field("Content-Type")?.prefix(while: { $0 != ";" && $0 != " " }), !value.isEmpty
        else { return nil }
        return ServerText.printable(value.lowercased())
    }
}

extension OAuthError {
    /// The fault of a JSON body, with the host that sent it.
    init(_ error: JSONObject.ParsingError, host: String) {
        switch error {
        case .notAnObject, .malformed: self = .malformed(host: host, member: "JSON")
        case .duplicate(let member), .type(let member): self = .malformed(host: host, member: member)
        }
    }
}
