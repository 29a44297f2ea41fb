import JSON
import Secrets

/// Errors in an answer (RFC 6749 section 5.2), also as servers write them that do not follow it.
extension TokenAnswer {
    /// Members in which servers name an error.
    private static let places = ["error", "error_code", "errcode", "errors", "code", "__type", "reason", "title"]
    /// Those that name an error in an answer with status 2xx.
    private static let placesInSuccess = ["error", "error_code", "errcode", "errors"]
    /// Members of an object that describes an error, for its name.
    private static let innerPlaces = ["error", "code", "error_code", "type", "status", "reason", "message"]
    private static let descriptions = ["error_description", "message", "msg", "errmsg", "error_message", "detail"]

    /// Throws `refused` if the answer has an error. The status of `response` does not matter: some servers send 200.
    func checkNotRefused(_ response: HTTPResponse, by host: String) throws(OAuthError) {
        if let error = refusal(response, by: host) { throw error }
    }

    /// The error of the answer; nil if it names none. Secrets that were sent or came with it, and that the server repeats in it,
    /// are removed from it.
    func refusal(_ response: HTTPResponse, by host: String) -> OAuthError? {
        let isSuccess = (200..<300).contains(response.status)
        let places =
            !isSuccess ? Self.places : text("access_token")?.isEmpty == false ? ["error"] : Self.placesInSuccess
        let names = places.flatMap { place in
            // A gateway's `code` or `title` may be about another token.
            values(place).flatMap(Self.names).filter { name in
                Self.placesInSuccess.contains(place) || !OAuthError.saysTokenIsDead(name)
                    || Self.folded(name).firstRange(of: "refresh") != nil || Self.folded(name) == "invalidgrant"
            }
        }
        guard let name = names.first(where: OAuthError.saysTokenIsDead) ?? names.first else { return nil }
        let objects = values("error") + values("errors")
        let secrets = response.sentSecrets + tokens
        let described = Self.descriptions.compactMap { text($0) } + objects.flatMap(Self.descriptions)
        return .refused(
            host: host, status: response.status,
            error: ServerText.printable(name, without: secrets),
            description: described.first { !$0.isEmpty && !$0.isSame(as: name) }
                .map { ServerText.printable($0, without: secrets) })
    }

    /// The tokens of the answer itself.
    var tokens: [Secret] { ["access_token", "refresh_token", "id_token"].compactMap { token($0).map { Secret($0) } } }

    /// The names of errors in a value. Numbers are left out: they are statuses, or 0 for success.
    private static func names(in value: JSON) -> [String] {
        switch value {
        case .string(let text): text.utf8.allSatisfy { (0x30...0x39).contains($0) } ? [] : [text]
        case .array(let elements): elements.flatMap(names)
        case .object: innerPlaces.compactMap { value[$0] }.flatMap(names)
        default: []
        }
    }

    private static func descriptions(in value: JSON) -> [String] {
        switch value {
        case .array(let elements): elements.flatMap(descriptions)
        case .object:
            descriptions.compactMap { if case .string(let text)? = value[$0] { text } else { nil } }
        default: []
        }
    }
}

extension OAuthError {
    /// A refusal without an error that has a name.
    static func refused(host: String, status: Int) -> OAuthError {
        .refused(host: host, status: status, error: "HTTP \(status)", description: nil)
    }

    /// Whether this is an error of OAuth: a name in the form of RFC 6749 section 5.2, with a status that servers use for it.
    /// Anything else may come from a gateway.
    var isOfProtocol: Bool {
        guard case .refused(_, let status, let error, _) = self else { return false }
        return status < 500 && ![404, 405].contains(status)
            && error.utf8.allSatisfy { $0 == UInt8(ascii: "_") || (0x61...0x7A).contains($0) }
    }

    /// Whether the name of an error says that a retry may succeed: those of RFC 6749 section 4.1.2.1 and RFC 8628 section 3.5,
    /// and servers' own for a failure of theirs or too many requests.
    package static func isTemporary(_ error: String) -> Bool {
        temporary.holdsSame(as: TokenAnswer.folded(error))
    }

    private static let temporary = [
        "servererror", "temporarilyunavailable", "slowdown", "internalerror", "internalservererror",
        "serviceunavailable",
        "ratelimited", "ratelimit", "ratelimitexceeded", "ratelimitreached", "toomanyrequests", "throttled",
        "requesttimeout", "gatewaytimeout", "badgateway",
    ]

    /// Whether an error is about the resource that keyfob named (RFC 8707 section 2). Servers that do not know the parameter
    /// say so in their own words.
    package static func refusesResource(_ error: String, _ description: String?) -> Bool {
        let name = TokenAnswer.folded(error)
        if ["invalidtarget", "invalidresource"].holdsSame(as: name) { return true }
        let words = TokenAnswer.folded(description ?? "")
        return name.isSame(as: "invalidrequest") && words.firstRange(of: "resource") != nil
            && words.firstRange(of: "resourceowner") == nil
    }

    /// Whether this is such a refusal.
    package var refusesResource: Bool {
        if case .refused(_, _, let error, let description) = self {
            Self.refusesResource(error, description)
        } else {
            false
        }
    }

    /// Whether the server has refused a refresh because the refresh token is dead. Any other refusal leaves open
    /// whether it is.
    package var endsRefreshToken: Bool {
        guard case .refused(_, let status, let error, _) = self else { return false }
        return status < 500 && Self.saysTokenIsDead(error)
    }

    /// Names of RFC 6749 section 5.2, RFC 6750 section 3.1 and RFC 8628 section 3.5, and of servers' own, without case
    /// and separators.
    private static let deaths = [
        "invalidgrant", "invalidtoken", "expiredtoken", "tokenexpired", "tokenrevoked", "revokedtoken",
        "sessionexpired", "sessionnotfound",
    ]
    private static let verdicts = [
        "invalid", "bad", "expired", "revoked", "unknown", "used", "reused", "notfound", "notvalid", "doesnotexist",
    ]
    private static let fillers = ["is", "has", "was", "been", "already"]

    /// Whether the name of an error is one of ``deaths``, or a verdict on the refresh token, as in `bad_refresh_token`
    /// and "Refresh token has expired".
    static func saysTokenIsDead(_ name: String) -> Bool {
        let name = TokenAnswer.folded(name)
        if deaths.holdsSame(as: name) { return true }
        let token = "refreshtoken"
        for verdict in verdicts where name.ends(with: verdict + token) || name.begins(with: verdict + token) {
            return true
        }
        guard name.begins(with: token) else { return false }
        var rest = String(decoding: name.utf8.dropFirst(token.utf8.count), as: UTF8.self)
        while let filler = fillers.first(where: { rest.begins(with: $0) }) {
            rest = String(decoding: rest.utf8.dropFirst(filler.utf8.count), as: UTF8.self)
        }
        return verdicts.contains { rest.begins(with: $0) }
    }
}
