/// An error in an exchange between keyfob and an authorization server. Cases carry facts; the messages are elsewhere.
///
/// `host` is the server's host name as configured. Texts from a server (`error`, `description`, `reason`) have passed
/// ``ServerText`` and contain no control characters. No case carries a token, a code or a secret.
package enum OAuthError: Error, Sendable, Equatable {
    /// No connection: the name does not resolve (``nameNotFound``), or the connection was refused.
    case unreachable(host: String, reason: String)
    /// The reason of ``unreachable(host:reason:)`` if the name does not resolve.
    package static let nameNotFound = "its name was not found"
    /// The proxy, `HOST:PORT`, which `setting` names, opens no connection to the host: it wants a user name and a password
    /// (407), or does not say why.
    case proxyRefused(host: String, proxy: String, setting: String, wantsPassword: Bool)
    /// The network settings cannot be read, so nothing was sent. `reason` and `mend` are shown to the user.
    case settingsUnknown(reason: String, mend: String?)
    /// The connection broke before the complete answer arrived. The server may have processed the request.
    case answerLost(host: String)
    /// The server has answered, but not in a form of HTTP that can be read. It may have processed the request.
    case notHTTP(host: String)
    /// The exchange took longer than its time limit.
    case timedOut(host: String, seconds: Int)
    /// TLS did not authenticate the server.
    case untrusted(host: String, reason: Distrust)
    /// A document of `resource` names a host that is nearer to this machine than the resource is.
    case addressTooNear(host: String, resource: String)
    /// The body was longer than `limit` bytes.
    case tooLarge(host: String, limit: Int)
    /// A 3xx answer. keyfob never follows one (RFC 9700 section 4.12).
    case redirected(host: String, status: Int)
    /// 408, 425, 429 or 5xx; `retryAfter` in seconds (RFC 9110 section 10.2.3).
    case unavailable(host: String, status: Int, retryAfter: Int?)
    /// keyfob did not ask, because the server wants no request for `seconds`.
    case heldBack(host: String, seconds: Int)
    /// The answer is not JSON, for example the HTML of a captive portal.
    case notJSON(host: String, contentType: String?)
    /// JSON or a header field has the wrong form; `member` names it.
    case malformed(host: String, member: String)
    /// No well-known location has usable metadata; with the answer of each.
    case metadataNotFound(issuer: String, answers: [MetadataAnswer])
    /// The metadata names another issuer (RFC 8414 section 3.3).
    case issuerMismatch(expected: String, found: String)
    /// An endpoint that keyfob must not use: not https, relative, or with forbidden characters.
    case invalidEndpoint(member: String)
    /// A member is missing that the login needs.
    case missingEndpoint(member: String)
    /// The endpoint `member` of the metadata, at the URL `at`, gives no answer of its protocol, so that the login cannot begin.
    indirect case endpointFailed(member: String, at: String, by: OAuthError)
    /// The metadata does not announce S256 (RFC 7636).
    case pkceUnsupported(issuer: String)
    /// An error of RFC 6749 section 5.2, or of section 4.1.2.1 with the status of the redirect, 302; "HTTP 404" if the
    /// answer names no error.
    case refused(host: String, status: Int, error: String, description: String?)
    /// A `token_type` that is not `Bearer`.
    case unexpectedTokenType(String)
    /// A token is missing, or has bytes outside `[\x21-\x7E]`.
    case unusableToken
    /// An invalid id_token. `member` names the claim or the header member, or is `JWT` if the form is wrong (OpenID
    /// Connect Core section 3.1.3.7).
    case invalidIDToken(member: String)
    /// The authorization response names another issuer, or none although the server announced one (RFC 9207).
    case responseIssuerMismatch(expected: String, found: String?)
    /// The code was sent, and no token came back because of this error. A code can be sent only once.
    indirect case codeSpent(by: OAuthError)
    /// The user pasted something that is no response on the redirect URI. A response begins with `expected`.
    case notTheRedirect(expected: String)
    /// The response has the state of another login. It was pasted, or the browser brought it.
    case anotherLogin
    /// The response cannot be the answer to this login, which goes on.
    case unusableResponse(AuthorizationResponse.Problem)
    /// The user did not finish the login in time.
    case authorizationTimedOut(seconds: Int)
    /// The device code expired before the user used it (RFC 8628 section 3.5).
    case codeExpired(seconds: Int)
    /// The task was cancelled.
    case cancelled
    /// The loopback listener could not be opened.
    case listenerFailed(reason: String)
    /// No browser could be started. Thrown by the caller's `present`.
    case browserFailed(reason: String)
    /// The metadata describe another resource (RFC 9728 section 3.3). `server` is the first authorization server in them.
    case resourceMismatch(requested: String, found: String, server: String? = nil)
    /// A challenge names metadata on another origin than the resource's.
    case resourceMetadataElsewhere(resource: String, found: String)
    /// The resource does not accept tokens in the `Authorization` field (`bearer_methods_supported`).
    case bearerHeaderUnsupported(resource: String)
    /// The resource only accepts tokens with a proof of possession (RFC 9449).
    case proofOfPossessionRequired(resource: String)
    /// The registration endpoint (RFC 7591) does not accept our registration, or is a page for people.
    case registrationClosed(host: String, status: Int)
    /// The server registered other redirect URIs than those that were sent.
    case redirectChanged(host: String, wanted: String, given: [String])
    /// The server registered an authentication method that keyfob does not support.
    case unsupportedClientAuthentication(method: String)
    /// The server did not delete or change the registration (RFC 7592).
    case registrationKept(host: String, status: Int)
    /// Not a valid URL of a client id metadata document.
    case invalidClientMetadataDocument(url: String)

    /// The `error` of ``refused(host:status:error:description:)`` if an error response lacks the `iss` that the
    /// server's metadata announce. The login has ended, but the text of the response must not be shown.
    package static let unverifiedRefusal = "unverified_response"
}
