/// What can go wrong between us and an authorization server: facts, never prose.
///
/// `host` is the server's host name as configured; texts that came from a server (`error`, `description`, `reason`) have
/// passed ``ServerText`` and hold no control characters. No case carries a token, a code or a secret.
package enum OAuthError: Error, Sendable, Equatable {
    /// No connection: name not found, or refused.
    case unreachable(host: String, reason: String)
    /// Nothing was sent, for the settings that say how to reach servers cannot be read; `reason` and `mend` are for people.
    case settingsUnknown(reason: String, mend: String?)
    /// The connection was there and broke off before a whole answer was read: what was asked may have been done.
    case answerLost(host: String)
    /// The whole exchange did not end within the total deadline.
    case timedOut(host: String, seconds: Int)
    /// TLS did not vouch for the server.
    case untrusted(host: String, reason: Distrust)
    /// A document of `resource` has sent us to a host that is nearer to this machine than the resource is.
    case addressTooNear(host: String, resource: String)
    /// The body was longer than we read; `limit` in bytes.
    case tooLarge(host: String, limit: Int)
    /// A 3xx answer: never followed (RFC 9700 section 4.12).
    case redirected(host: String, status: Int)
    /// 429 or 5xx; `retryAfter` in seconds (RFC 9110 section 10.2.3).
    case unavailable(host: String, status: Int, retryAfter: Int?)
    /// The answer is something else than JSON, such as the HTML of a captive portal.
    case notJSON(host: String, contentType: String?)
    /// JSON or a header field of the wrong shape; `member` names what was wrong.
    case malformed(host: String, member: String)
    /// None of the well-known places has metadata.
    case metadataNotFound(issuer: String)
    /// The metadata names another issuer (RFC 8414 section 3.3).
    case issuerMismatch(expected: String, found: String)
    /// An endpoint that we must not use: not https, relative, or with forbidden characters.
    case invalidEndpoint(member: String)
    /// A member without which there is no login.
    case missingEndpoint(member: String)
    /// The metadata does not announce S256 (RFC 7636).
    case pkceUnsupported(issuer: String)
    /// An error of RFC 6749 section 5.2, or of section 4.1.2.1 with the status of the redirect, 302.
    case refused(host: String, status: Int, error: String, description: String?)
    /// A `token_type` that is not `Bearer`.
    case unexpectedTokenType(String)
    /// A token with bytes outside of `[\x21-\x7E]`, or none.
    case unusableToken
    /// An id_token that proves nothing; `member` names what is wrong: a claim, a member of its header, or `JWT` for its
    /// form (OpenID Connect Core section 3.1.3.7).
    case invalidIDToken(member: String)
    /// The authorization response names another issuer, or none where one was announced (RFC 9207).
    case responseIssuerMismatch(expected: String, found: String?)
    /// What a person pasted is no answer on the redirect URI, with which it must begin.
    case notTheRedirect(expected: String)
    /// What a person pasted answers another login.
    case anotherLogin
    /// Nobody finished the login in time.
    case authorizationTimedOut(seconds: Int)
    /// Nobody used the code at another device before it expired, by the server's word (RFC 8628 section 3.5).
    case codeExpired(seconds: Int)
    /// The task was cancelled.
    case cancelled
    /// The loopback listener could not be opened.
    case listenerFailed(reason: String)
    /// No browser could be started; for the caller's `present`.
    case browserFailed(reason: String)
    /// The metadata are of another resource (RFC 9728 section 3.3).
    case resourceMismatch(requested: String, found: String)
    /// A challenge points to metadata on another origin than the resource's.
    case resourceMetadataElsewhere(resource: String, found: String)
    /// The resource does not take a token in the `Authorization` field (`bearer_methods_supported`).
    case bearerHeaderUnsupported(resource: String)
    /// The resource takes tokens only with a proof of possession (RFC 9449).
    case proofOfPossessionRequired(resource: String)
    /// 401, 403, 404, 405 or 501 at the registration endpoint (RFC 7591): not everybody may register.
    case registrationClosed(host: String, status: Int)
    /// The server registered us with other redirect URIs than the ones that were sent.
    case redirectChanged(host: String, wanted: String, given: [String])
    /// The server registered us with a way to authenticate that we do not have.
    case unsupportedClientAuthentication(method: String)
    /// The server did not delete or change the registration (RFC 7592).
    case registrationKept(host: String, status: Int)
    /// Not the URL of a client id metadata document.
    case invalidClientMetadataDocument(url: String)

    /// The `error` of ``refused(host:status:error:description:)`` where an error response came without the `iss` that
    /// the server's metadata promises: the login is over, but what the response said is not to be shown.
    package static let unverifiedRefusal = "unverified_response"
}
