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

    /// Returns the pause after a poll that brought no token, in seconds. Throws its error if that ends the login.
    ///
    /// A request for slower polls adds five seconds permanently. Any other unexpected answer doubles the interval.
    /// `Retry-After` counts for one pause.
    mutating func pause(after poll: UnsuccessfulPoll) throws(OAuthError) -> Int {
        if poll.isTooFast {
            interval += 5
        } else if poll.isFinal {
            throw poll.error
        } else if !poll.isExpected, poll.retryAfter == nil {
            interval = max(interval, min(interval * 2, Self.longestBackoff))
        }
        return max(interval, poll.retryAfter ?? 0)
    }
}
