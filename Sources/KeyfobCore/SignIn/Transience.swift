package import OAuth

extension OAuthError {
    /// Whether the server has answered, but with no token and with no time after which to try again. If that does not
    /// end, a sign-in is the way out.
    var isAnswer: Bool {
        switch self {
        case .refused, .unexpectedTokenType, .unusableToken, .notJSON, .malformed, .redirected, .tooLarge: true
        case .unavailable(_, _, let retryAfter): retryAfter == nil
        default: false
        }
    }

    /// Whether a retry may succeed later. After such an error nothing is deleted and no browser opens.
    package var isTransient: Bool {
        switch self {
        case .unreachable, .answerLost, .timedOut, .untrusted, .tooLarge, .redirected, .unavailable, .notJSON,
            .malformed:
            true
        // A network with a captive portal resolves every name to its own address.
        case .addressTooNear: true
        case .metadataNotFound: explanation?.isTransient ?? false
        case .refused(_, let status, let error, _):
            status >= 500 || ["server_error", "temporarily_unavailable", "slow_down"].contains(error)
        default: false
        }
    }
}
