import Secrets

/// The members of a token endpoint's answer: JSON, or a form where the server says so.
///
/// A few servers answer with a form unless asked otherwise, and some of them do not hear the question.
enum TokenAnswer {
    case json(JSONObject)
    case form([String: String])

    /// Reads the body of `response` whatever its status.
    init(_ response: HTTPResponse, host: String) throws(OAuthError) {
        guard response.mediaType == "application/x-www-form-urlencoded" else {
            self = .json(try response.jsonObject(from: host))
            return
        }
        try response.checkEncoding(from: host)
        guard let text = response.body.exposedText, let pairs = FormEncoding.decode(text)
        else { throw .malformed(host: host, member: "form") }
        var values: [String: String] = [:]
        for (name, value) in pairs {
            guard values.updateValue(value, forKey: name) == nil
            else { throw .malformed(host: host, member: ServerText.printable(name)) }
        }
        self = .form(values)
    }

    /// The text of a member; nil where it is absent or null.
    func string(_ name: String, host: String) throws(OAuthError) -> String? {
        switch self {
        case .form(let values): return values[name]
        case .json(let object):
            do { return try object.string(name) } catch { throw OAuthError(error, host: host) }
        }
    }

    /// The texts of a member; nil where it is absent or null. A form has no lists.
    func strings(_ name: String, host: String) throws(OAuthError) -> [String]? {
        guard case .json(let object) = self else { return nil }
        do { return try object.strings(name) } catch { throw OAuthError(error, host: host) }
    }

    /// A number, or a text that is one.
    func number(_ name: String) -> Double? {
        switch self {
        case .form(let values): values[name].flatMap { Double($0) }
        case .json(let object): object.number(name)
        }
    }

    /// Throws `refused` where the answer, which `response` brought, carries an `error`, with whatever status (some
    /// servers say 200). What the server repeats of the secrets that it was sent is not in it.
    func checkNotRefused(_ response: HTTPResponse, by host: String) throws(OAuthError) {
        guard let error = try string("error", host: host) else { return }
        let description = try? string("error_description", host: host)
        throw .refused(
            host: host, status: response.status,
            error: ServerText.printable(error, without: response.confided),
            description: description.map { ServerText.printable($0, without: response.confided) })
    }
}
