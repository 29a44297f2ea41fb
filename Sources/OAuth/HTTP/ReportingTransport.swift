import Addresses

/// Reports each request and its result. A report contains only origin and path of the URL, because the rest may be
/// secret. For a server's URL for one client (RFC 7592 section 2.3) it contains only the origin.
package struct ReportingTransport: HTTPTransport {
    /// One request.
    package struct Report: Sendable {
        /// `POST`.
        package var method: String
        /// `https://login.example.com/token`.
        package var place: String
        /// The status of the response, or the error.
        package var outcome: Result<Int, OAuthError>
        /// The time from the start to the last byte.
        package var duration: Duration
    }

    private let transport: any HTTPTransport
    private let report: @Sendable (Report) -> Void

    package init(_ transport: some HTTPTransport, report: @escaping @Sendable (Report) -> Void) {
        (self.transport, self.report) = (transport, report)
    }

    package func send(_ request: HTTPRequest) async throws(OAuthError) -> HTTPResponse {
        let begun = ContinuousClock.now
        func tell(_ outcome: Result<Int, OAuthError>) {
            let isPublic = request.method == .get || request.method == .post
            report(
                Report(
                    method: request.method.rawValue,
                    place: request.url.origin + (isPublic ? ServerText.printable(request.url.path) : "/..."),
                    outcome: outcome, duration: ContinuousClock.now - begun))
        }
        do {
            let response = try await transport.send(request)
            tell(.success(response.status))
            return response
        } catch {
            tell(.failure(error))
            throw error
        }
    }
}
