/// The answer of a well-known location that has no complete document.
package struct MetadataAnswer: Sendable, Equatable {
    /// The URL.
    package var location: String
    package var answer: Answer

    package enum Answer: Sendable, Equatable {
        /// A status that means that there is no document.
        case status(Int)
        /// The reason why keyfob cannot use the answer.
        case failure(OAuthError)
    }

    package init(location: String, answer: Answer) {
        (self.location, self.answer) = (location, answer)
    }

    /// The reason why keyfob cannot use the answer; nil for a status.
    private var failure: OAuthError? {
        if case .failure(let error) = answer { error } else { nil }
    }

    /// The failure that explains best why there are no metadata; nil if no location has a document of the issuer.
    ///
    /// A document of another issuer comes first, then an outage: the server may have metadata, but not now. A page for
    /// people at each location may be that of a network.
    static func explanation(of answers: [MetadataAnswer]) -> OAuthError? {
        let failures = answers.compactMap(\.failure)
        if let mismatch = failures.first(where: \.isMismatch) { return mismatch }
        if let outage = failures.first(where: \.isOutage) { return outage }
        if let incomplete = failures.first(where: \.isIncomplete) { return incomplete }
        if let unreachable = failures.first(where: \.isUnreachable) { return unreachable }
        return failures.count == answers.count && failures.allSatisfy(\.isNoDocument) ? failures.first : nil
    }
}

/// Something that discovery ignored, for users who want to see each step.
package enum DiscoveryRemark: Sendable, Equatable {
    /// A member of a document or of a challenge that keyfob must not use.
    case ignored(member: String, at: String)
    /// An endpoint that keyfob uses without its fragment.
    case withoutFragment(member: String, at: String)
    /// A location without a usable document.
    case skipped(MetadataAnswer)
}

extension OAuthError {
    /// The failure that explains a ``metadataNotFound(issuer:answers:)`` best; nil if no location has a document of the
    /// issuer.
    package var explanation: OAuthError? {
        if case .metadataNotFound(_, let answers) = self { MetadataAnswer.explanation(of: answers) } else { nil }
    }

    /// Whether the server could not answer now.
    package var isOutage: Bool {
        switch self {
        case .unavailable, .answerLost, .notHTTP, .timedOut: true
        default: false
        }
    }

    /// Whether there was no connection to the server.
    fileprivate var isUnreachable: Bool { if case .unreachable = self { true } else { false } }

    /// Whether another location of the same server may still have a document.
    var isOfOneLocation: Bool {
        isOutage || isMismatch || isIncomplete || isNoDocument || self == .missingEndpoint(member: "issuer")
    }

    /// Whether a document is for another issuer or another resource.
    var isMismatch: Bool {
        switch self {
        case .issuerMismatch, .resourceMismatch: true
        default: false
        }
    }

    /// Whether a document of the issuer lacks something.
    var isIncomplete: Bool {
        switch self {
        case .missingEndpoint(let member): member != "issuer"
        case .invalidEndpoint: true
        default: false
        }
    }

    /// Whether the answer is something else than a document, for instance a page for people.
    var isNoDocument: Bool {
        switch self {
        case .redirected, .notJSON, .malformed, .tooLarge: true
        default: false
        }
    }
}
