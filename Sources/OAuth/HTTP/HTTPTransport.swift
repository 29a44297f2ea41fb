package import Addresses
package import Secrets

/// One request to an authorization server.
package struct HTTPRequest: Sendable {
    package enum Method: String, Sendable { case get = "GET", post = "POST", delete = "DELETE" }

    package var method: Method
    package var url: EndpointURL
    /// The value of the `Authorization` field, if any.
    package var authorization: Secret?
    /// An `application/x-www-form-urlencoded` body; only for POST.
    package var form: Secret?
    /// An `application/json` body; never together with a form.
    package var json: Secret?
    /// The maximum size of the response body, in bytes.
    package var responseLimit: Int
    /// Whether the request may be retried after a failed response.
    package var repetition = Repetition.never
    /// The time limit, if it is shorter than the transport's.
    package var deadline: Duration?
    /// How near to this machine the server may be.
    package var reach = Reach.anywhere
    /// The value of the `Accept` field.
    package var accept = "application/json"
    /// The secrets in the request, decoded as the server reads them.
    package var sentSecrets: [Secret] = []

    /// When a request may be retried safely.
    package enum Repetition: Sendable {
        /// Never: the first server that reads the request uses up the code or token in it.
        case never
        /// If the server says that it did not process the request: 429 or 503 with `Retry-After`. Only for a refresh.
        case ifUnprocessed
        /// After every failure of the server: the request changes nothing there (RFC 9110 section 9.2.1).
        case freely
    }

    /// 256 KiB: far above the metadata of large providers with many locales.
    static let answerLimit = 262_144

    /// Requests a JSON document.
    package init(get url: EndpointURL) {
        (method, self.url, responseLimit) = (.get, url, Self.answerLimit)
        repetition = .freely
    }

    /// Whether the part of the answer that has arrived is returned if the rest does not arrive: an answer to a POST cannot
    /// be had again.
    var keepsPart: Bool { method == .post }

    /// Sends a form. It carries secrets, so it is never sent to another URL, and retried only if the caller allows it.
    package init(post form: Secret, to url: EndpointURL, authorization: Secret? = nil) {
        (method, self.url, responseLimit) = (.post, url, Self.answerLimit)
        (self.form, self.authorization) = (form, authorization)
    }

    /// Sends JSON.
    package init(_ method: Method, json: Secret, to url: EndpointURL) {
        (self.method, self.url, responseLimit) = (method, url, Self.answerLimit)
        self.json = json
    }

    /// Deletes the object at `url`, with the token that allows it (RFC 6750 section 2.1).
    package init(delete url: EndpointURL, bearer token: Secret) {
        (method, self.url, responseLimit) = (.delete, url, Self.answerLimit)
        authorization = Secret(Array("Bearer ".utf8) + token.exposedBytes)
        // The user waits for it, and does not need its result.
        deadline = .seconds(5)
    }
}

/// A response with any status.
package struct HTTPResponse: Sendable {
    package var status: Int
    /// Name and value of each header field, in the order received.
    package var fields: [(name: String, value: String)]
    /// A ``Secret``, because it may hold tokens.
    package var body: Secret
    /// The reason why the body is only a part: the rest has not arrived (``HTTPRequest/keepsPart``), or its compression is
    /// damaged. Nil if it is complete.
    package var fault: OAuthError?
    /// The secrets of the request, because some servers repeat them in error messages.
    package var sentSecrets: [Secret] = []

    package init(status: Int, fields: [(name: String, value: String)], body: Secret) {
        (self.status, self.fields, self.body) = (status, fields, body)
    }

    /// The first field with that name, compared without case.
    package func field(_ name: String) -> String? {
        fields.first { $0.name.lowercased() == name.lowercased() }?.value
    }
}

/// Sends requests to an authorization server.
///
/// A conforming type follows no redirect and retries no request beyond its ``HTTPRequest/repetition``. It reads at most
/// `responseLimit` bytes, also of a body that it has decompressed, and stops at a total deadline. Every status is a
/// response, not an error.
package protocol HTTPTransport: Sendable {
    /// - Throws: `unreachable`, `answerLost`, `timedOut`, `untrusted`, `tooLarge`, `addressTooNear`, `settingsUnknown`,
    ///   `heldBack` or `cancelled`, nothing else.
    func send(_ request: HTTPRequest) async throws(OAuthError) -> HTTPResponse
}

/// Divides the time of one search among its requests: each has half of what is left. So a location that does not answer
/// leaves time for the next ones.
package struct SharedTime: HTTPTransport {
    private let transport: any HTTPTransport
    private let end: ContinuousClock.Instant

    /// - Parameter limit: the time for the whole search, from now on.
    package init(_ transport: any HTTPTransport, limit: Duration = .seconds(30)) {
        (self.transport, end) = (transport, .now + limit)
    }

    package func send(_ request: HTTPRequest) async throws(OAuthError) -> HTTPResponse {
        var request = request
        let share = max(ContinuousClock.now.duration(to: end) / 2, .seconds(1))
        request.deadline = min(request.deadline ?? share, share)
        return try await transport.send(request)
    }
}

extension HTTPTransport {
    /// Sends a request with secrets and attaches them to the response, so that an error message in it can be shown
    /// without them.
    func sendSecrets(_ request: HTTPRequest) async throws(OAuthError) -> HTTPResponse {
        var response = try await send(request)
        response.sentSecrets = request.sentSecrets
        return response
    }
}
