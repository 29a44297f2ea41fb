package import Secrets

/// One request to an authorization server.
package struct HTTPRequest: Sendable {
    package enum Method: String, Sendable { case get = "GET", post = "POST", put = "PUT", delete = "DELETE" }

    package var method: Method
    package var url: EndpointURL
    /// The value of the `Authorization` field, if any.
    package var authorization: Secret?
    /// An `application/x-www-form-urlencoded` body; for POST alone.
    package var form: Secret?
    /// An `application/json` body; never beside a form.
    package var json: Secret?
    /// The longest body that is read, in bytes.
    package var responseLimit: Int
    /// Whether it may be sent again after an answer that is none.
    package var repetition = Repetition.never
    /// How near to this machine the server may be.
    package var reach = Reach.anywhere
    /// The secrets that it carries, as the server reads them.
    package var confided: [Secret] = []

    /// When a request may be sent twice without harm.
    package enum Repetition: Sendable {
        /// Not at all: what it carries is spent by the first who reads it.
        case never
        /// Where the server says that it did not look at it: 429 or 503, with the time to come back (`Retry-After`).
        case ifUnprocessed
        /// After every answer of a server that failed: it changes nothing there (RFC 9110 section 9.2.1).
        case freely
    }

    /// 256 KiB: metadata of large providers with many locales stays far below it.
    package static let metadataLimit = 262_144
    /// 64 KiB: a token must also fit into a line of the helper protocol.
    package static let tokenLimit = 65_536

    /// Asks for a JSON document.
    package init(get url: EndpointURL, limit: Int = Self.metadataLimit) {
        (method, self.url, responseLimit) = (.get, url, limit)
        repetition = .freely
    }

    /// Sends a form, which carries secrets and is therefore never sent to another place, nor twice unless the caller
    /// allows it.
    package init(post form: Secret, to url: EndpointURL, authorization: Secret? = nil, limit: Int = Self.tokenLimit) {
        (method, self.url, responseLimit) = (.post, url, limit)
        (self.form, self.authorization) = (form, authorization)
    }

    /// Sends JSON, with a token that allows it where there is one (RFC 6750 section 2.1).
    package init(
        _ method: Method, json: Secret, to url: EndpointURL, bearer token: Secret? = nil, limit: Int = Self.tokenLimit
    ) {
        (self.method, self.url, responseLimit) = (method, url, limit)
        (self.json, authorization) = (json, token.map(Self.bearer))
    }

    /// Deletes what `url` stands for.
    package init(delete url: EndpointURL, bearer token: Secret, limit: Int = Self.tokenLimit) {
        (method, self.url, responseLimit) = (.delete, url, limit)
        authorization = Self.bearer(token)
    }

    private static func bearer(_ token: Secret) -> Secret { Secret(Array("Bearer ".utf8) + token.exposedBytes) }
}

/// An answer, whole, whatever its status.
package struct HTTPResponse: Sendable {
    package var status: Int
    /// Name and value of each header field, in the order of arrival.
    package var fields: [(name: String, value: String)]
    /// May hold tokens, hence a ``Secret``.
    package var body: Secret
    /// The secrets of the request, which some servers repeat in what they say went wrong.
    package var confided: [Secret] = []

    package init(status: Int, fields: [(name: String, value: String)], body: Secret) {
        (self.status, self.fields, self.body) = (status, fields, body)
    }

    /// The first field of that name, without regard to case.
    package func field(_ name: String) -> String? {
        fields.first { $0.name.lowercased() == name.lowercased() }?.value
    }
}

/// Carries requests to an authorization server.
///
/// A conformer follows no redirect, repeats no request beyond its ``HTTPRequest/repetition``, reads no more than
/// `responseLimit` bytes, decodes no Content-Encoding, and gives up after a total deadline. Every status is an answer,
/// not an error.
package protocol HTTPTransport: Sendable {
    /// Throws `unreachable`, `answerLost`, `timedOut`, `untrusted`, `tooLarge`, `addressTooNear` or `cancelled`, nothing else.
    func send(_ request: HTTPRequest) async throws(OAuthError) -> HTTPResponse
}

extension HTTPTransport {
    /// Sends a request that carries secrets, and remembers them with the answer, so that an error in it can be shown.
    func confide(_ request: HTTPRequest) async throws(OAuthError) -> HTTPResponse {
        var response = try await send(request)
        response.confided = request.confided
        return response
    }
}
