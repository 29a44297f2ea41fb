package import OAuth

extension OAuthError {
    /// Whether the server does not take the client, whatever it asks for (RFC 6749 section 5.2); the last is GitHub's.
    var refusesClient: Bool {
        guard case .refused(_, _, let error, _) = self else { return false }
        return ["invalid_client", "unauthorized_client", "incorrect_client_credentials"].contains(error)
    }

    /// Whether the same request may well succeed in a while: nothing is forgotten for such an error, no browser opened.
    package var isTransient: Bool {
        switch self {
        case .unreachable, .answerLost, .timedOut, .untrusted, .tooLarge, .redirected, .unavailable, .notJSON,
            .malformed:
            true
        // A network with a sign-in page of its own answers for every name, with an address of its own.
        case .addressTooNear: true
        case .refused(_, let status, let error, _):
            status >= 500 || ["server_error", "temporarily_unavailable", "slow_down"].contains(error)
        default: false
        }
    }
}
