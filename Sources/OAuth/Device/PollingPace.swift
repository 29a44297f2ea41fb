/// How often the token endpoint is asked whether the person has decided (RFC 8628 section 3.5).
struct PollingPace {
    /// The longest pause that failures lead to, in seconds, unless the server wants longer ones: who has decided should
    /// not wait for minutes because their network was away for one.
    private static let longestBackoff = 60

    /// Seconds between two polls.
    private(set) var interval: Int

    /// - Parameter interval: what the server asks for, in seconds.
    init(interval: Int) {
        self.interval = interval
    }

    /// How long to wait after a poll that brought no token, in seconds; throws what ends the login.
    ///
    /// `slow_down` adds five seconds for good; a connection that fails doubles the interval; a `Retry-After` holds for
    /// this once.
    mutating func pause(after error: OAuthError) throws(OAuthError) -> Int {
        switch error {
        case .refused(_, _, "authorization_pending", _): break
        case .refused(_, _, "slow_down", _): interval += 5
        case .unavailable(_, _, let retryAfter?): return max(interval, retryAfter)
        case .unavailable, .timedOut, .unreachable, .answerLost:
            interval = max(interval, min(interval * 2, Self.longestBackoff))
        default: throw error
        }
        return interval
    }
}
