import Addresses

/// Waits for a server that asks for a pause of seconds, and retries requests that may be retried.
///
/// Retries follow ``HTTPRequest/repetition``. A request that the server may have received but did not answer is never
/// retried. If an endpoint does not want requests before a certain time, the refreshes there of all processes that share
/// ``NotBefore`` wait until then. A sign-in does not: the user has asked for it.
package struct PatientTransport: HTTPTransport {
    /// The longest wait for a server, in seconds: the user does not see why the credential takes so long.
    private static let patience: Int64 = 10
    /// The maximum number of retries after failures of the server.
    private static let retries = 2
    /// Statuses after which a retry may succeed. 501 is not one of them.
    private static let failures: Set = [500, 502, 503, 504]

    private let transport: any HTTPTransport
    private let notBefore: NotBefore
    private let now: @Sendable () -> Int64
    private let jitter: @Sendable () -> Double
    private let pause: @Sendable (Duration) async throws -> Void

    /// - Parameters:
    ///   - transport: sends each single request.
    ///   - now: returns seconds since 1970-01-01 UTC.
    package init(_ transport: some HTTPTransport, notBefore: NotBefore, now: @escaping @Sendable () -> Int64) {
        self.init(
            transport, notBefore: notBefore, now: now, jitter: { .random(in: 0..<1) },
            pause: { try await Task.sleep(for: $0, clock: .continuous) })
    }

    /// - Parameters:
    ///   - jitter: from 0 up to 1; spreads the retries of clients that were refused at the same moment.
    ///   - pause: waits; tests replace it.
    init(
        _ transport: some HTTPTransport, notBefore: NotBefore, now: @escaping @Sendable () -> Int64,
        jitter: @escaping @Sendable () -> Double, pause: @escaping @Sendable (Duration) async throws -> Void
    ) {
        (self.transport, self.notBefore, self.now) = (transport, notBefore, now)
        (self.jitter, self.pause) = (jitter, pause)
    }

    /// - Throws: also `heldBack`, without sending a refresh, if the server wants no request for longer than `patience`.
    package func send(_ request: HTTPRequest) async throws(OAuthError) -> HTTPResponse {
        var attempts = Attempts(hasWaited: try await waitUntilWelcome(request))
        while true {
            let response = try await transport.send(request)
            if request.method == .post, (200..<300).contains(response.status),
                notBefore.recall(request.url.string) != nil
            {
                // The server takes requests again, for instance of a sign-in.
                notBefore.remember(request.url.string, now())
            }
            guard let delay = delay(after: response, to: request, &attempts) else { return response }
            try await wait(delay)
        }
    }

    /// The waits and retries of one request so far.
    private struct Attempts {
        var hasWaited: Bool
        var retries = 0
    }

    /// Returns how long to wait before `request` is retried; nil if the caller gets `response`.
    private func delay(
        after response: HTTPResponse, to request: HTTPRequest, _ attempts: inout Attempts
    ) -> Duration? {
        if response.status == 429 || response.status == 503, let seconds = retryAfter(response) {
            if seconds > 0 { notBefore.remember(request.url.string, now() + seconds) }
            guard request.repetition != .never, !attempts.hasWaited, seconds <= Self.patience else { return nil }
            attempts.hasWaited = true
            return .seconds(seconds)
        }
        guard request.repetition == .freely, Self.failures.contains(response.status), attempts.retries < Self.retries
        else { return nil }
        attempts.retries += 1
        // About 0.3 and 0.6 seconds, each plus or minus half.
        return .milliseconds(Int(Double(attempts.retries * 300) * (0.5 + jitter())))
    }

    /// Waits until the server accepts requests again. Returns whether it had to wait.
    private func waitUntilWelcome(_ request: HTTPRequest) async throws(OAuthError) -> Bool {
        guard request.repetition == .ifUnprocessed, request.method == .post,
            let left = notBefore.recall(request.url.string).map({ $0 - now() }), left > 0
        else { return false }
        guard left <= Self.patience else {
            throw .heldBack(host: request.url.host, seconds: Int(left))
        }
        try await wait(.seconds(left))
        return true
    }

    private func wait(_ duration: Duration) async throws(OAuthError) {
        do { try await pause(duration) } catch { throw .cancelled }
    }

    /// In seconds; nil if the server sends no valid value.
    private func retryAfter(_ response: HTTPResponse) -> Int64? {
        response.field("Retry-After").flatMap { RetryAfter.seconds($0, now: now()) }.map(Int64.init)
    }
}

/// The times before which endpoints do not want requests (RFC 9110 section 10.2.3).
package struct NotBefore: Sendable {
    /// Returns the time for an address, in seconds since 1970-01-01 UTC; nil if none is known or it has passed.
    let recall: @Sendable (_ address: String) -> Int64?
    /// Stores the time for an address until it has passed, if possible.
    let remember: @Sendable (_ address: String, _ time: Int64) -> Void

    package init(
        recall: @escaping @Sendable (_ address: String) -> Int64?,
        remember: @escaping @Sendable (_ address: String, _ time: Int64) -> Void
    ) {
        (self.recall, self.remember) = (recall, remember)
    }
}
