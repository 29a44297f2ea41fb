/// How often keyfob asks the token endpoint whether the user has decided (RFC 8628 section 3.5).
struct PollingPace {
    /// The longest pause after failures, in seconds, unless the server requires a longer one. After a short network
    /// failure the user should not wait for minutes.
    private static let longestBackoff = 60

    /// Seconds between two polls.
    private(set) var interval: Int

    /// - Parameter interval: the server's interval, in seconds.
    init(interval: Int) {
        self.interval = interval
    }

    /// Returns the pause after a poll that brought no token, in seconds. Throws `error` if it ends the login.
    ///
    /// `slow_down` adds five seconds permanently. A failed connection doubles the interval. `Retry-After` counts for
    /// one pause.
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
