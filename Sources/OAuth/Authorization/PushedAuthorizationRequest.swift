import Addresses
import Secrets

/// A pushed authorization request (RFC 9126): keyfob sends the parameters to the server, and the browser's address only
/// refers to them.
///
/// The addresses become short, which helps users who copy them by hand. Errors of the server reach keyfob instead of a
/// page from which the browser never returns.
struct PushedAuthorizationRequest {
    /// The value by which the browser's address refers to the pushed request.
    let requestURI: String
    /// Seconds until the server forgets the request.
    let expiresIn: Int

    /// Pushes `request`. Returns nil if the server accepts plain requests and has no endpoint for pushed ones: none
    /// announced, or the announced one does not exist (404 or 405) or fails (5xx).
    ///
    /// - Throws: `missingEndpoint` if the server requires pushed requests but has no endpoint; `refused` with the
    ///   server's error (section 2.3); errors of any answer.
    static func push(
        _ request: AuthorizationRequest, for login: AuthorizationParameters, transport: any HTTPTransport
    ) async throws(OAuthError) -> PushedAuthorizationRequest? {
        let missing = OAuthError.missingEndpoint(member: "pushed_authorization_request_endpoint")
        let isRequired = login.metadata.requiresPushedAuthorizationRequests
        guard let endpoint = login.metadata.pushedAuthorizationRequestEndpoint else {
            if isRequired { throw missing }
            return nil
        }
        let (response, _) = try await transport.send(
            request.form, as: login.client, to: endpoint, supported: login.metadata.tokenEndpointAuthMethodsSupported)
        if [404, 405].contains(response.status), isRequired { throw missing }
        if response.status >= 500 || [404, 405].contains(response.status), !isRequired { return nil }
        return try PushedAuthorizationRequest(response, from: endpoint.host)
    }

    /// Reads a complete answer (section 2.2). Accepts any success, not only 201, the status that the RFC requires.
    init(_ response: HTTPResponse, from host: String) throws(OAuthError) {
        let answer = try TokenAnswer(granted: response, by: host)
        guard let uri = try answer.string("request_uri", host: host), !uri.isEmpty,
            uri.utf8.allSatisfy({ (0x21...0x7E).contains($0) })
        else { throw .malformed(host: host, member: "request_uri") }
        requestURI = uri
        // Servers keep it between 5 and 600 seconds (section 2.2); a minute if this one does not say.
        let seconds = answer.number("expires_in").flatMap { $0 >= 1 ? $0 : nil } ?? 60
        expiresIn = Int(min(seconds, Double(TokenResponse.longestLifetime)))
    }
}
