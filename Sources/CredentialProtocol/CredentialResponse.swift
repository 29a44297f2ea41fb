package import Secrets

/// What we answer to `get`, before a dialect puts it into bytes.
package struct CredentialResponse: Sendable, Equatable {
    package var username: String?
    /// The stored password, or the access token where ``authtype`` says so.
    package var password: Secret
    /// When ``password`` ends, in seconds since 1970; nil where nothing is known.
    package var passwordExpiryUTC: Int64?
    /// Only beside a stored password that came with one from git; never a refresh token of our own.
    package var oauthRefreshToken: Secret?
    /// The authentication scheme to which an access token belongs, `Bearer` for example; nil for a stored password.
    package var authtype: String?
    /// Nobody else may keep it.
    package var ephemeral: Bool
    /// The answer is one of several steps of an authentication.
    package var `continue`: Bool
    /// What git shall hand back to us with `store` and `erase`; each begins with `keyfob:`.
    package var state: [String]

    package init(
        username: String?, password: Secret, passwordExpiryUTC: Int64? = nil, oauthRefreshToken: Secret? = nil,
        authtype: String? = nil, ephemeral: Bool = false, continue: Bool = false, state: [String] = []
    ) {
        self.username = username
        self.password = password
        self.passwordExpiryUTC = passwordExpiryUTC
        self.oauthRefreshToken = oauthRefreshToken
        self.authtype = authtype
        self.ephemeral = ephemeral
        self.continue = `continue`
        self.state = state
    }
}
