package import CredentialProtocol
package import KernelKeyring
package import Secrets

/// Where an account's access tokens come from.
package protocol TokenSource: Sendable {
    /// A token with enough life left: the one in memory, a refreshed one, or the one that a new sign-in gives.
    ///
    /// - Throws: ``CredentialFailure``, and what the borders throw.
    func token(of account: Account, for request: CredentialRequest) async throws -> CachedAccessToken

    /// Drops the access token that a service refused, so that the next ``token(of:for:)`` gets another. The refresh
    /// token stays. A nil `refused` drops whatever access token there is.
    ///
    /// - Returns: whether `refused` was a token of ours.
    func discard(_ refused: Secret?, of account: Account) async throws -> Bool
}
