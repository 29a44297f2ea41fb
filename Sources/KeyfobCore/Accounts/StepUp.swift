package import CredentialProtocol
import OAuth

/// The sign-in that a service requires (RFC 9470): its authentication context and its age. The service refuses tokens of
/// weaker or older sign-ins.
package struct StepUp: Sendable, Equatable {
    /// The accepted authentication contexts, the best first; empty for any.
    package var contexts: [String]
    /// The maximum age of the sign-in, in seconds; nil for any.
    package var maxAge: Int?

    package init(contexts: [String], maxAge: Int?) {
        (self.contexts, self.maxAge) = (contexts, maxAge)
    }

    /// The time, in seconds, in which a service gets no second sign-in: with a slow clock or network it may refuse one that has
    /// just been made.
    private static let patience: Int64 = 60

    /// Whether a sign-in that requested `contexts`, `age` seconds ago, meets this requirement. Another sign-in with the
    /// same request would not help.
    func isMet(by contexts: [String], age: Int64) -> Bool {
        self.contexts.allSatisfy(contexts.contains) && maxAge.map { age <= max(Int64($0), Self.patience) } ?? true
    }
}

extension CredentialRequest {
    /// The sign-in that the service's challenge asks for (RFC 9470 section 3); nil if it asks for none.
    package var stepUp: StepUp? {
        guard let challenge = AuthenticationChallenge.bearer(in: wwwauth),
            challenge.error == "insufficient_user_authentication",
            challenge.acrValues != nil || challenge.maxAge != nil
        else { return nil }
        return StepUp(contexts: challenge.acrValues ?? [], maxAge: challenge.maxAge)
    }
}
