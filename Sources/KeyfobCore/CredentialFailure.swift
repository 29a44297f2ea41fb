package import CredentialProtocol
package import SecretService

/// Why an account has no token to give now. Facts, not words: the executable says them.
package enum CredentialFailure: Error, Sendable, Equatable {
    /// A person has to sign in and may not be asked: the caller declined, or nobody can be reached.
    case signInNeeded(service: ServiceURL, because: SignInReason)
    /// The person, or the authorization server in the person's name, said no.
    case signInRefused(service: ServiceURL)
    /// The server answers for another account than the one asked for.
    case anotherAccount(asked: String, given: String)
    /// Another process has held this account's lock for too long.
    case busy(service: ServiceURL, seconds: Int)
    /// No account is configured for a service that somebody wants to sign in to.
    case notConfigured(service: ServiceURL)
    /// The service has no account, and there is no Secret Service (no bus, no provider) that could hold a password.
    case noAccountAndNoKeyring(SecretServiceError)
    /// A new refresh token could be kept neither in the keyring nor in its in-memory collection.
    case grantNotSaved(service: ServiceURL)

    /// Why a person is needed.
    package enum SignInReason: Sendable, Equatable {
        /// Nobody has signed in yet.
        case noGrant
        /// The authorization server no longer takes the refresh token (`invalid_grant`).
        case grantRefused(description: String?)
        /// The grant is not for these scopes; a refresh could only narrow it (RFC 6749 section 6).
        case scopesMissing([String])
        /// The access token is at its end and came without a refresh token.
        case noRefreshToken
    }
}
