extension Grant {
    /// Whether the server may have issued no refresh token because `offline_access` was not requested.
    package var mayLackOfflineAccess: Bool {
        !requestedScopes.contains("offline_access") && listsOfflineAccess != false
    }

    /// Why the user has to sign in again if there is no refresh token.
    var reasonWithoutRefreshToken: CredentialFailure.SignInReason {
        endedAt == nil
            ? .noRefreshToken(scopes: requestedScopes, isForWantOfScope: mayLackOfflineAccess) : .grantEnded
    }
}
