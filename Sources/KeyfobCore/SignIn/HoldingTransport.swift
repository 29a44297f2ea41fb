import Addresses
import OAuth
import Processes
import Secrets

/// The transport of a sign-in. From the moment in which a code may be spent, signals wait until the tokens are stored: they
/// cannot be had again.
struct HoldingTransport: HTTPTransport {
    let transport: any HTTPTransport
    let tokenEndpoint: EndpointURL
    let span: HeldSignals.Span

    func send(_ request: HTTPRequest) async throws(OAuthError) -> HTTPResponse {
        guard request.method == .post, request.url == tokenEndpoint else { return try await transport.send(request) }
        span.begin()
        do throws(OAuthError) {
            let response = try await transport.send(request)
            // Without a token, the user has not decided yet, or the server refuses. Some servers say that with status 200.
            if response.body.exposedBytes.firstRange(of: Array("access_token".utf8)) == nil { span.end() }
            return response
        } catch {
            span.end()
            throw error
        }
    }
}
