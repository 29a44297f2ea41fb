package import CredentialProtocol
package import KernelKeyring
package import Secrets

/// A source of access tokens.
package protocol TokenSource: Sendable {
    /// A token with enough life left: from the cache, from a refresh or from a sign-in.
    ///
    /// - Throws: ``CredentialFailure``, `OAuthError`, `SecretServiceError`.
    func token(of account: Account, for request: CredentialRequest) async throws -> CachedAccessToken

    /// Deletes the access token that a service refused, so that the next ``token(of:for:)`` gets another. The refresh token
    /// stays.
    ///
    /// - Parameter refused: nil for any access token of the account.
    /// - Returns: whether `refused` was a token of the account.
    func discard(_ refused: Secret?, of account: Account) async throws -> Bool
}
