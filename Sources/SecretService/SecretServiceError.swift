/// Why the Secret Service gave or kept nothing. Each case asks something else of the person.
package enum SecretServiceError: Error, Sendable, Equatable {
    /// There is no session bus, or it cannot be spoken to; the bus library's words, or ours.
    case noBus(String)

    /// There is a session bus, and nothing on it provides `org.freedesktop.secrets`.
    case noProvider

    /// What was asked for is in a locked collection, and we may not ask for its password.
    case locked

    /// The person, or a missing display, dismissed the prompt for the collection's password.
    case promptDismissed

    /// There is neither a collection with the alias `default` nor one with the alias `login`; or, for the session
    /// collection, none with the alias `session`.
    case noCollection

    /// The service did not answer, or the person did not, within the deadline.
    case timedOut(seconds: Int)

    /// Anything else, in the words of the service or of libsecret: never a secret, but foreign text all the same.
    case failed(String)
}
