import Secrets

/// The members of a token endpoint's answer: JSON, or form-urlencoded if the `Content-Type` says so.
///
/// A few servers answer form-urlencoded by default, and some of them ignore `Accept`.
enum TokenAnswer {
    case json(JSONObject)
    case form([String: String])

    /// Reads the body of `response` with any status.
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

    /// The text of a member; nil if it is absent or null.
    func string(_ name: String, host: String) throws(OAuthError) -> String? {
        switch self {
        case .form(let values): return values[name]
        case .json(let object):
            do { return try object.string(name) } catch { throw OAuthError(error, host: host) }
        }
    }

    /// The texts of a list; nil if it is absent or null. Forms have no lists.
    func strings(_ name: String, host: String) throws(OAuthError) -> [String]? {
        guard case .json(let object) = self else { return nil }
        do { return try object.strings(name) } catch { throw OAuthError(error, host: host) }
    }

    /// A number, or a text that contains one.
    func number(_ name: String) -> Double? {
        switch self {
        case .form(let values): values[name].flatMap { Double($0) }
        case .json(let object): object.number(name)
        }
    }

    /// Throws `refused` if the answer has an `error`. The status of `response` does not matter: some servers send 200.
    /// Secrets that were sent and that the server repeats are removed from the error.
    func checkNotRefused(_ response: HTTPResponse, by host: String) throws(OAuthError) {
        guard let error = try string("error", host: host) else { return }
        throw refused(error, response, by: host)
    }

    /// The error of the answer in the same form; nil if it has none that can be read.
    func refusal(_ response: HTTPResponse, by host: String) -> OAuthError? {
        guard let error = try? string("error", host: host) else { return nil }
        return refused(error, response, by: host)
    }

    private func refused(_ error: String, _ response: HTTPResponse, by host: String) -> OAuthError {
        let description = try? string("error_description", host: host)
        return .refused(
            host: host, status: response.status,
            error: ServerText.printable(error, without: response.sentSecrets),
            description: description.map { ServerText.printable($0, without: response.sentSecrets) })
    }
}
