package import OAuth

extension OAuthError {
    /// Whether the server has answered, now or some time ago, but with no token. If that does not end, a sign-in is the way
    /// out.
    var isAnswer: Bool {
        switch self {
        case .refused, .unexpectedTokenType, .unusableToken, .notHTTP, .notJSON, .malformed, .redirected, .tooLarge,
            .unavailable, .heldBack:
            true
        default: false
        }
    }

    /// Whether the fault is in the service's metadata, so that a retry does not help.
    package var isForGood: Bool {
        if case .malformed(_, member: "authorization_servers") = self { true } else { false }
    }

    /// Whether the server has failed in a way that may be temporary, but does not have to be. Then the user needs a way on
    /// without the request that failed.
    package var mayStayForEver: Bool {
        switch self {
        case .metadataNotFound: explanation?.mayStayForEver ?? false
        case .answerLost, .timedOut: true
        default: isAnswer && isTransient
        }
    }

    /// Whether a retry may succeed later. After such an error nothing is deleted and no browser opens.
    package var isTransient: Bool {
        switch self {
        case .malformed where isForGood: false
        case .unreachable, .proxyRefused, .answerLost, .timedOut, .untrusted, .tooLarge, .redirected, .unavailable,
            .heldBack, .notHTTP, .notJSON, .malformed:
            true
        // A network with a captive portal resolves every name to its own address.
        case .addressTooNear: true
        case .metadataNotFound: explanation?.isTransient ?? false
        case .refused(_, let status, let error, _):
            status >= 500 || OAuthError.isTemporary(error)
        default: false
        }
    }
}
