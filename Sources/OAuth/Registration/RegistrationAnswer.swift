import Secrets

/// The answer of a registration endpoint, or of the place where a registration is managed (RFC 7591 section 3.2, RFC 7592
/// section 3): the client as the server has it, which counts more than what we asked for.
struct RegistrationAnswer {
    /// What was sent.
    let metadata: ClientMetadata
    let issuer: String
    /// Who answered.
    let url: EndpointURL

    /// Reads a success, 200 or 201.
    ///
    /// Throws `refused` for an error by name, `registrationClosed` where not everybody may register,
    /// `unsupportedClientAuthentication` where we could not prove ourselves to the server, `malformed` by member.
    func registration(_ response: HTTPResponse) throws(OAuthError) -> ClientRegistration {
        try response.checkAnswered(by: url.host)
        let answer = try checked(response)
        guard let id = try answer.string("client_id", host: url.host), Self.isVisible(id)
        else { throw .malformed(host: url.host, member: "client_id") }
        let client = try client(id: id, answer)
        let management = try management(answer)
        return ClientRegistration(
            issuer: issuer, client: client, redirectURIs: try redirectURIs(answer),
            secretExpiresAt: client.secret == nil ? nil : expiry(answer),
            registrationAccessToken: management?.token, registrationClientURI: management?.url)
    }

    /// The names of errors that a server gives to say what it minds; any other 4xx says that we may not register.
    private static let objections = [
        "invalid_redirect_uri", "invalid_client_metadata", "invalid_software_statement",
        "unapproved_software_statement",
    ]

    private func checked(_ response: HTTPResponse) throws(OAuthError) -> TokenAnswer {
        if [401, 403, 404, 405].contains(response.status) {
            let answer = try? TokenAnswer(response, host: url.host)
            let error = try? answer?.string("error", host: url.host)
            guard let error, Self.objections.contains(error)
            else { throw .registrationClosed(host: url.host, status: response.status) }
        }
        let answer = try TokenAnswer(response, host: url.host)
        try answer.checkNotRefused(response, by: url.host)
        guard response.status == 200 || response.status == 201
        else { throw .malformed(host: url.host, member: "error") }
        return answer
    }

    /// A secret that comes to a client without authentication is not for use, and not kept: some servers always make one.
    private func client(id: String, _ answer: TokenAnswer) throws(OAuthError) -> Client {
        let secret = try answer.string("client_secret", host: url.host).flatMap { $0.isEmpty ? nil : Secret($0) }
        let method = try answer.string("token_endpoint_auth_method", host: url.host)
        guard let authentication = method.map(ClientAuthentication.init) ?? metadata.tokenEndpointAuthMethod
        else { throw .unsupportedClientAuthentication(method: ServerText.printable(method ?? "")) }
        if authentication == .none { return Client(id: id) }
        guard let secret else { throw .malformed(host: url.host, member: "client_secret") }
        return Client(id: id, secret: secret, authentication: authentication)
    }

    /// The redirect URIs that we sent and the server has, whatever it did with their ports; all of them if it does not say.
    ///
    /// Throws `redirectChanged` if the server has none of ours: no answer changes the host or the path that a browser comes
    /// back to, or one server could have the codes of another sent to its own sign-in.
    private func redirectURIs(_ answer: TokenAnswer) throws(OAuthError) -> [String] {
        guard let listed = try answer.strings("redirect_uris", host: url.host) else { return metadata.redirectURIs }
        let ours = metadata.redirectURIs.filter { uri in listed.contains { Self.isSame($0, uri) } }
        guard !ours.isEmpty else {
            throw .redirectChanged(
                host: url.host, wanted: metadata.redirectURIs.first ?? "", given: listed.map(ServerText.printable))
        }
        return ours
    }

    /// The registration that an answer is about, as far as it takes to delete it (RFC 7592); nil if the answer does not
    /// say how.
    func deletable(_ response: HTTPResponse) -> ClientRegistration? {
        guard let answer = try? checked(response), let management = try? management(answer),
            let id = try? answer.string("client_id", host: url.host)
        else { return nil }
        return ClientRegistration(
            issuer: issuer, client: Client(id: id), redirectURIs: [], registrationAccessToken: management.token,
            registrationClientURI: management.url)
    }

    static func isSame(_ one: String, _ other: String) -> Bool {
        guard let one = try? RedirectTemplate(one), let other = try? RedirectTemplate(other) else { return false }
        return Array((one.host + one.path).utf8) == Array((other.host + other.path).utf8)
    }

    /// 0 is never (RFC 7591 section 3.2.1), and so is what is no moment.
    private func expiry(_ answer: TokenAnswer) -> Int64? {
        guard let seconds = answer.number("client_secret_expires_at"), seconds >= 1, seconds < 1e15 else { return nil }
        return Int64(seconds)
    }

    /// Both, or none. The token goes to the server that gave it and to no other place that its answer names.
    private func management(_ answer: TokenAnswer) throws(OAuthError) -> (token: Secret, url: EndpointURL)? {
        guard let token = try answer.string("registration_access_token", host: url.host),
            Self.isVisible(token), !token.contains(" "),
            let text = try answer.string("registration_client_uri", host: url.host),
            let place = try? EndpointURL(text), place.origin == url.origin
        else { return nil }
        return (Secret(token), place)
    }

    /// RFC 6749 appendix A.1.
    private static func isVisible(_ text: String) -> Bool {
        !text.isEmpty && text.utf8.allSatisfy { (0x20...0x7E).contains($0) }
    }
}
