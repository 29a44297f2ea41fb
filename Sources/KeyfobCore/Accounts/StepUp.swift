package import CredentialProtocol
import OAuth

/// How a service wants its person to have signed in (RFC 9470): it refuses tokens of weaker or older sign-ins.
package struct StepUp: Sendable, Equatable {
    /// The authentication contexts that would do, the best first; none: any.
    package var contexts: [String]
    /// How many seconds may have passed since the person signed in; nil: any.
    package var maxAge: Int?

    package init(contexts: [String], maxAge: Int?) {
        (self.contexts, self.maxAge) = (contexts, maxAge)
    }

    /// A service whose clock and network are slow may say the same of a sign-in that has just been. It does not get
    /// another one within this many seconds.
    private static let patience: Int64 = 60

    /// Whether a sign-in that asked for `contexts`, `age` seconds ago, is what the service wants, as far as one can tell.
    /// What comes of it only the service can say; to ask a person twice for the same would not help.
    func isMet(by contexts: [String], age: Int64) -> Bool {
        self.contexts.allSatisfy(contexts.contains) && maxAge.map { age <= max(Int64($0), Self.patience) } ?? true
    }
}

extension CredentialRequest {
    /// What the service's challenge says about the sign-in of the last token (RFC 9470 section 3); nil where it says
    /// nothing.
    package var stepUp: StepUp? {
        guard let challenge = AuthenticationChallenge.bearer(in: wwwauth),
            challenge.error == "insufficient_user_authentication",
            challenge.acrValues != nil || challenge.maxAge != nil
        else { return nil }
        return StepUp(contexts: challenge.acrValues ?? [], maxAge: challenge.maxAge)
    }
}
