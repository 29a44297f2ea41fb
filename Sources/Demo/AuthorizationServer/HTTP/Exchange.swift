/// A complete request, as the endpoints see it.
struct IncomingRequest: Sendable {
    var method: String
    /// The path without the query.
    var path: String
    var query: Parameters
    /// The form of a POST; otherwise empty.
    var form: Parameters
    /// The members of a body that is a JSON object; otherwise nil.
    var json: [String: JSONValue]?
    var authorization: String?
    var cookies: [String: String]

    /// The token of an `Authorization: Bearer` field (RFC 6750 section 2.1).
    var bearer: String? {
        guard let authorization, authorization.lowercased().hasPrefix("bearer ") else { return nil }
        return String(authorization.dropFirst("bearer ".count))
    }

    /// The cookies of a `Cookie` field (RFC 6265 section 4.2.1); of several with one name, the first counts.
    static func cookies(in field: String) -> [String: String] {
        let pairs = field.split(separator: ";").compactMap { piece -> (String, String)? in
            let halves = piece.split(separator: "=", maxSplits: 1)
            guard halves.count == 2 else { return nil }
            return (String(halves[0].drop { $0 == " " }), String(halves[1]))
        }
        return Dictionary(pairs) { first, _ in first }
    }
}

/// A response before it becomes Hummingbird's.
struct Reply: Sendable {
    var status: Int
    var headers: [(name: String, value: String)]
    var body: [UInt8]
    /// For the log: the error code, and the fingerprint of the issued refresh token.
    var error: String?
    var issuedRefreshToken: String?

    /// JSON that must not be cached (RFC 6749 section 5.1).
    static func json(_ members: [String: JSONValue], status: Int = 200) -> Reply {
        Reply(
            status: status,
            headers: [("Content-Type", "application/json"), ("Cache-Control", "no-store"), ("Pragma", "no-cache")],
            body: JSONValue.encode(members))
    }

    /// An error of RFC 6749 section 5.2.
    static func error(_ code: String, _ description: String, status: Int = 400) -> Reply {
        var reply = json(["error": .string(code), "error_description": .string(description)], status: status)
        reply.error = code
        return reply
    }

    /// A page without scripts, external content and frames (RFC 9700 section 4.16). `form-action` is not set, because
    /// browsers also apply it to the redirect that follows the form.
    static func page(_ html: String, status: Int = 200) -> Reply {
        Reply(
            status: status,
            headers: [
                ("Content-Type", "text/html; charset=utf-8"), ("Cache-Control", "no-store"),
                ("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'; base-uri 'none'"),
                ("X-Content-Type-Options", "nosniff"), ("Referrer-Policy", "no-referrer"),
            ],
            body: Array(html.utf8))
    }

    /// Status 303, so that the browser does not repeat the POST (RFC 9700 section 4.12).
    static func seeOther(_ location: String) -> Reply {
        Reply(
            status: 303,
            headers: [("Location", location), ("Cache-Control", "no-store"), ("Referrer-Policy", "no-referrer")],
            body: [])
    }

    /// A response with only a status.
    static func empty(_ status: Int) -> Reply {
        Reply(status: status, headers: [("Cache-Control", "no-store")], body: [])
    }
}

extension Reply {
    /// The response that a test has chosen, for the log.
    init(_ scripted: ScriptedResponse) {
        self.init(status: scripted.status, headers: scripted.headers, body: scripted.body)
    }
}
