import Addresses
import Secrets

/// The answer of a registration endpoint or a client configuration endpoint (RFC 7591 section 3.2, RFC 7592 section 3).
/// The client as the server describes it has priority over what was requested.
struct RegistrationAnswer {
    /// The metadata that were sent.
    let metadata: ClientMetadata
    let issuer: String
    /// The endpoint that answered.
    let url: EndpointURL

    /// Reads a success (2xx).
    ///
    /// - Throws: `refused` for a named error, `registrationClosed` if the server does not accept new registrations. If it
    ///   has made a client that keyfob cannot use (``OAuthError/unusableMember``): `unsupportedClientAuthentication`,
    ///   `redirectChanged`, or `malformed` with the member.
    func registration(_ response: HTTPResponse) throws(OAuthError) -> ClientRegistration {
        let answer = try checked(response)
        guard let id = answer.text("client_id") ?? number("client_id", answer) else {
            throw isOfNewClient(response, answer) ? .malformed(host: url.host, member: "client_id") : closed(response)
        }
        guard Self.isVisible(id) else { throw .malformed(host: url.host, member: "client_id") }
        let client = try client(id: id, answer)
        let management = management(answer)
        return ClientRegistration(
            issuer: issuer, client: client, redirectURIs: try redirectURIs(answer),
            secretExpiresAt: client.authentication == .none ? nil : expiry(answer),
            registrationAccessToken: management?.token, registrationClientURI: management?.url)
    }

    /// Error codes that explain a refusal. Any other 4xx means that the server does not accept our registration.
    private static let objections = [
        "invalid_redirect_uri", "invalid_client_metadata", "invalid_software_statement",
        "unapproved_software_statement",
    ]

    /// The statuses after which the same request may succeed later.
    private static let busy = [408, 425, 429]

    /// The page at the endpoint is for people, or another server's: keyfob cannot register itself there.
    private func closed(_ response: HTTPResponse) -> OAuthError {
        .registrationClosed(host: url.host, status: response.status)
    }

    private func number(_ name: String, _ answer: TokenAnswer) -> String? {
        answer.number(name).flatMap { Int64(exactly: $0) }.map { String($0) }
    }

    /// Whether a success without a client id still says that the server has made a client: by its status, or by members
    /// that no page for people has.
    private func isOfNewClient(_ response: HTTPResponse, _ answer: TokenAnswer) -> Bool {
        let members = ["client_secret", "client_id_issued_at", "registration_access_token", "redirect_uris"]
        return response.status == 201 || members.contains { !answer.values($0).isEmpty }
    }

    private func checked(_ response: HTTPResponse) throws(OAuthError) -> TokenAnswer {
        switch response.status {
        case 300..<400, 501: throw closed(response)
        case 400..<500 where Self.busy.contains(response.status):
            throw .unavailable(host: url.host, status: response.status, retryAfter: response.retryAfter)
        case 400..<500:
            let answer = try? TokenAnswer(response, host: url.host)
            let error = try? answer?.string("error", host: url.host)
            // With 400 any error is the server's reason (RFC 7591 section 3.2.2).
            guard let answer, let error, response.status == 400 || Self.objections.contains(error)
            else { throw closed(response) }
            try answer.checkNotRefused(response, by: url.host)
        default: try response.checkAnswered(by: url.host)
        }
        do {
            let answer = try TokenAnswer(response, host: url.host)
            try answer.checkNotRefused(response, by: url.host)
            return answer
        } catch {
            if case .notJSON = error { throw closed(response) }
            throw error
        }
    }

    /// Keeps a secret also for a client without authentication: some servers always issue one, and a few want it then.
    /// A server that names a method with a secret but issues none means `none`.
    private func client(id: String, _ answer: TokenAnswer) throws(OAuthError) -> Client {
        // A secret decides, so it is sent as it came, also with blanks at its ends.
        let secret = answer.token("client_secret").flatMap { $0.isEmpty ? nil : Secret($0) }
        let method = answer.text("token_endpoint_auth_method")?.asciiLowercased
        if let method, Self.unsupported.contains(method) {
            throw .unsupportedClientAuthentication(method: ServerText.printable(method))
        }
        // A method without a meaning says nothing. If this form is refused, the next request uses another one.
        let authentication = method.flatMap(ClientAuthentication.init) ?? metadata.tokenEndpointAuthMethod
        return Client(id: id, secret: secret, authentication: secret == nil ? .none : authentication)
    }

    /// Methods with a key or a certificate (RFC 7591 section 2, RFC 8705), which keyfob does not have.
    private static let unsupported = [
        "client_secret_jwt", "private_key_jwt", "tls_client_auth", "self_signed_tls_client_auth",
    ]

    /// The redirect URIs that keyfob sent and the server registered, with any port. All of them if the server does not
    /// say.
    ///
    /// - Throws: `redirectChanged` if the server registered none of ours. No answer may change host or path: otherwise
    ///   one server could direct another server's codes to its own sign-in.
    private func redirectURIs(_ answer: TokenAnswer) throws(OAuthError) -> [String] {
        let listed = answer.texts("redirect_uris")
        guard !listed.isEmpty else { return metadata.redirectURIs }
        let ours = metadata.redirectURIs.compactMap { Self.spelling(of: $0, in: listed) }
        guard !ours.isEmpty else {
            let secrets = ["registration_access_token", "client_secret"].compactMap { answer.token($0) }.map {
                Secret($0)
            }
            throw .redirectChanged(
                host: url.host, wanted: metadata.redirectURIs.first ?? "",
                given: listed.map { ServerText.printable($0, without: secrets) })
        }
        return ours
    }

    /// The registration in an answer, with what is needed to delete it (RFC 7592); nil if the answer does not say how.
    func deletable(_ response: HTTPResponse) -> ClientRegistration? {
        guard let answer = try? TokenAnswer(response, host: url.host), let management = management(answer)
        else { return nil }
        return ClientRegistration(
            issuer: issuer, client: Client(id: answer.text("client_id") ?? ""), redirectURIs: [],
            registrationAccessToken: management.token, registrationClientURI: management.url)
    }

    /// Whether an answer names a client, whatever its status: then the server has made one.
    func hasClient(_ response: HTTPResponse) -> Bool {
        (try? TokenAnswer(response, host: url.host))?.values("client_id").isEmpty == false
    }

    /// A redirect URI with the slash at its end that the server has added or removed: it may compare byte for byte. nil if the
    /// server has not registered it.
    private static func spelling(of uri: String, in listed: [String]) -> String? {
        let endings = listed.filter { isSame($0, uri) }.map { $0.hasSuffix("/") }
        guard let ending = endings.first else { return nil }
        if endings.contains(uri.hasSuffix("/")) { return uri }
        return ending ? uri + "/" : String(uri.dropLast())
    }

    /// Whether two redirect URIs have one host and one path. Some servers add a slash, or write `*` for any port.
    static func isSame(_ one: String, _ other: String) -> Bool {
        let templates = [one, other].compactMap { try? RedirectTemplate(String($0.map { $0 == "*" ? "1" : $0 })) }
        let places = templates.map { $0.host + ResourceIdentifier.withoutLastSlash($0.path) }
        return places.count == 2 && places[0].isSame(as: places[1])
    }

    /// nil for 0, which means never (RFC 7591 section 3.2.1), and for values that are no point in time.
    private func expiry(_ answer: TokenAnswer) -> Int64? {
        guard let seconds = answer.number("client_secret_expires_at"), seconds >= 1, seconds < 1e15 else { return nil }
        return Int64(seconds)
    }

    /// Both or nothing. The token is only sent to the server that issued it, not to another host that the answer names.
    private func management(_ answer: TokenAnswer) -> (token: Secret, url: EndpointURL)? {
        guard let token = answer.text("registration_access_token"),
            Self.isVisible(token), !token.contains(" "),
            let text = answer.text("registration_client_uri"),
            let place = try? EndpointURL(text), place.origin == url.origin
        else { return nil }
        return (Secret(token), place)
    }

    /// RFC 6749 appendix A.1.
    private static func isVisible(_ text: String) -> Bool {
        !text.isEmpty && text.utf8.allSatisfy { (0x20...0x7E).contains($0) }
    }
}

extension OAuthError {
    /// The member that makes a new registration unusable, if this is an error of
    /// ``RegistrationEndpoint/register(_:issuer:isLabelNeeded:)``; nil if the server has made no client.
    package var unusableMember: String? {
        switch self {
        case .unsupportedClientAuthentication: "token_endpoint_auth_method"
        case .redirectChanged: "redirect_uris"
        case .malformed(_, let member): member
        default: nil
        }
    }
}
