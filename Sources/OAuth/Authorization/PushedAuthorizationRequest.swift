import Secrets

/// A pushed authorization request (RFC 9126): the server is told first what is asked, and the browser's address only
/// names it.
///
/// It makes addresses short, which people have to copy now and then, and it brings the server's objections to us instead
/// of onto a page from which no browser comes back.
struct PushedAuthorizationRequest {
    /// The name by which the browser's address refers to what was pushed.
    let requestURI: String
    /// Seconds until the server forgets it.
    let expiresIn: Int

    /// Pushes `request` where the server takes that; nil where it takes plain requests, too, and has no such endpoint:
    /// none announced, or an announced one that is not there (404 or 405).
    ///
    /// Throws `missingEndpoint` where the server requires pushing and does not let us, `refused` with its objection
    /// (section 2.3), and what any answer may be wrong with.
    static func push(
        _ request: AuthorizationRequest, for login: AuthorizationParameters, transport: any HTTPTransport
    ) async throws(OAuthError) -> PushedAuthorizationRequest? {
        let missing = OAuthError.missingEndpoint(member: "pushed_authorization_request_endpoint")
        let isRequired = login.metadata.requiresPushedAuthorizationRequests
        guard let endpoint = login.metadata.pushedAuthorizationRequestEndpoint else {
            if isRequired { throw missing }
            return nil
        }
        let response = try await transport.confide(login.client.request(request.form, to: endpoint))
        if [404, 405].contains(response.status) {
            if isRequired { throw missing }
            return nil
        }
        return try PushedAuthorizationRequest(response, from: endpoint.host)
    }

    /// Reads a whole answer (section 2.2). 200 counts as 201, which is what careful servers say.
    init(_ response: HTTPResponse, from host: String) throws(OAuthError) {
        try response.checkAnswered(by: host)
        let answer = try TokenAnswer(response, host: host)
        try answer.checkNotRefused(response, by: host)
        guard [200, 201].contains(response.status) else { throw .malformed(host: host, member: "error") }
        guard let uri = try answer.string("request_uri", host: host), !uri.isEmpty,
            uri.utf8.allSatisfy({ (0x21...0x7E).contains($0) })
        else { throw .malformed(host: host, member: "request_uri") }
        guard let seconds = answer.number("expires_in"), seconds >= 1
        else { throw .malformed(host: host, member: "expires_in") }
        requestURI = uri
        expiresIn = Int(min(seconds, Double(TokenResponse.longestLifetime)))
    }
}
