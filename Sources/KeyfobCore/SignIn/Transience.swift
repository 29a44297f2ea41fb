package import OAuth

extension OAuthError {
    /// Whether the server refuses the client, not the request (RFC 6749 section 5.2). The last code is GitHub's.
    var refusesClient: Bool {
        guard case .refused(_, _, let error, _) = self else { return false }
        return ["invalid_client", "unauthorized_client", "incorrect_client_credentials"].contains(error)
    }

    /// Whether a retry may succeed later. After such an error nothing is deleted and no browser opens.
    package var isTransient: Bool {
        switch self {
        case .unreachable, .answerLost, .timedOut, .untrusted, .tooLarge, .redirected, .unavailable, .notJSON,
            .malformed:
            true
        // A network with a captive portal resolves every name to its own address.
        case .addressTooNear: true
        case .refused(_, let status, let error, _):
            status >= 500 || ["server_error", "temporarily_unavailable", "slow_down"].contains(error)
        default: false
        }
    }
}
