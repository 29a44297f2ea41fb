/// Tells of each request that goes through it, and of what came of it. Of an address only origin and path, and of one that
/// is a server's own for a client (RFC 7592 section 2.3) only the origin: what comes behind may be a secret.
package struct ReportingTransport: HTTPTransport {
    /// One request.
    package struct Report: Sendable {
        /// `POST`.
        package var method: String
        /// `https://login.example.com/token`.
        package var place: String
        /// The status of the answer, or why there was none.
        package var outcome: Result<Int, OAuthError>
        /// From the first step to the last byte.
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
