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
    /// announced, or the announced one answers with neither a `request_uri` nor an error of its protocol.
    ///
    /// - Throws: `refused` with the server's error (section 2.3). If the server requires pushed requests: `missingEndpoint`
    ///   if it has no endpoint, `endpointFailed` if that does not work.
    static func push(
        _ request: AuthorizationRequest, for login: AuthorizationParameters, transport: any HTTPTransport
    ) async throws(OAuthError) -> PushedAuthorizationRequest? {
        let member = "pushed_authorization_request_endpoint"
        let isRequired = login.metadata.requiresPushedAuthorizationRequests
        guard let endpoint = login.metadata.pushedAuthorizationRequestEndpoint else {
            if isRequired { throw .missingEndpoint(member: member) }
            return nil
        }
        do throws(OAuthError) {
            let (response, _) = try await transport.send(
                request.form, as: login.client, to: endpoint,
                supported: login.metadata.tokenEndpointAuthMethodsSupported)
            return try PushedAuthorizationRequest(response, from: endpoint.host)
        } catch {
            if error.isOfProtocol || error == .cancelled { throw error }
            // Servers with a fault in their forms of `prompt` answer with 500: the caller has another request.
            if isRequired { throw .endpointFailed(member: member, at: endpoint.string, by: error) }
            return nil
        }
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
