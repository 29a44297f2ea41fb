/// Waits for a server that asks for it, where that takes seconds, and asks again where asking twice does no harm.
///
/// What is sent again is what ``HTTPRequest/repetition`` allows, and never after a request that may have been received but
/// brought no answer. A server that does not want to be asked before a certain time is left alone until then, by all
/// processes that share ``NotBefore``.
package struct PatientTransport: HTTPTransport {
    /// The longest wait for a server, in seconds: whoever waits for a credential does not know why.
    private static let patience: Int64 = 10
    /// How often a server that fails is asked again.
    private static let retries = 2
    /// Statuses of servers that may do better the next time. 501 is not among them.
    private static let failures: Set = [500, 502, 503, 504]

    private let transport: any HTTPTransport
    private let notBefore: NotBefore
    private let now: @Sendable () -> Int64
    private let jitter: @Sendable () -> Double
    private let pause: @Sendable (Duration) async throws -> Void

    /// - Parameters:
    ///   - transport: what sends each single request.
    ///   - now: seconds since 1970-01-01 UTC.
    package init(_ transport: some HTTPTransport, notBefore: NotBefore, now: @escaping @Sendable () -> Int64) {
        self.init(
            transport, notBefore: notBefore, now: now, jitter: { .random(in: 0..<1) },
            pause: { try await Task.sleep(for: $0, clock: .continuous) })
    }

    /// - Parameters:
    ///   - jitter: from 0 up to 1; spreads those who were all refused in the same moment.
    ///   - pause: waits; a test has no time to.
    init(
        _ transport: some HTTPTransport, notBefore: NotBefore, now: @escaping @Sendable () -> Int64,
        jitter: @escaping @Sendable () -> Double, pause: @escaping @Sendable (Duration) async throws -> Void
    ) {
        (self.transport, self.notBefore, self.now) = (transport, notBefore, now)
        (self.jitter, self.pause) = (jitter, pause)
    }

    /// Throws also `unavailable`, unasked, while the server does not want to be asked.
    package func send(_ request: HTTPRequest) async throws(OAuthError) -> HTTPResponse {
        var attempts = Attempts(hasWaited: try await waitUntilWelcome(request))
        while true {
            let response = try await transport.send(request)
            guard let delay = delay(after: response, to: request, &attempts) else { return response }
            try await wait(delay)
        }
    }

    /// What one request has cost so far.
    private struct Attempts {
        var hasWaited: Bool
        var retries = 0
    }

    /// How long to wait before `request` is sent again; nil where `response` is what the caller gets.
    private func delay(
        after response: HTTPResponse, to request: HTTPRequest, _ attempts: inout Attempts
    ) -> Duration? {
        if response.status == 429 || response.status == 503, let seconds = retryAfter(response) {
            if seconds > 0 { notBefore.remember(request.url.origin, now() + seconds) }
            guard request.repetition != .never, !attempts.hasWaited, seconds <= Self.patience else { return nil }
            attempts.hasWaited = true
            return .seconds(seconds)
        }
        guard request.repetition == .freely, Self.failures.contains(response.status), attempts.retries < Self.retries
        else { return nil }
        attempts.retries += 1
        // About 0.3 and 0.6 seconds, each by half more or less.
        return .milliseconds(Int(Double(attempts.retries * 300) * (0.5 + jitter())))
    }

    /// Whether there was something to wait for.
    private func waitUntilWelcome(_ request: HTTPRequest) async throws(OAuthError) -> Bool {
        guard let left = notBefore.recall(request.url.origin).map({ $0 - now() }), left > 0 else { return false }
        guard left <= Self.patience else {
            throw .unavailable(host: request.url.host, status: 503, retryAfter: Int(left))
        }
        try await wait(.seconds(left))
        return true
    }

    private func wait(_ duration: Duration) async throws(OAuthError) {
        do { try await pause(duration) } catch { throw .cancelled }
    }

    /// Seconds; nil where the server does not say, or not so that it is understood.
    private func retryAfter(_ response: HTTPResponse) -> Int64? {
        response.field("Retry-After").flatMap { RetryAfter.seconds($0, now: now()) }.map(Int64.init)
    }
}

/// When servers may be asked again that wanted to be left alone (RFC 9110 section 10.2.3).
package struct NotBefore: Sendable {
    /// The time for an origin, in seconds since 1970-01-01 UTC; nil where nothing is known, or the time is past.
    let recall: @Sendable (_ origin: String) -> Int64?
    /// Keeps the time for an origin until it is past, as well as one can.
    let remember: @Sendable (_ origin: String, _ time: Int64) -> Void

    package init(
        recall: @escaping @Sendable (_ origin: String) -> Int64?,
        remember: @escaping @Sendable (_ origin: String, _ time: Int64) -> Void
    ) {
        (self.recall, self.remember) = (recall, remember)
    }
}
