package import Secrets

/// keyfob's answer to `get`, before a dialect encodes it.
package struct CredentialResponse: Sendable, Equatable {
    package var username: String?
    /// The stored password; the access token if ``authtype`` is set; the stored `credential` if ``isEncoded``.
    package var password: Secret
    /// When ``password`` expires, in seconds since 1970; nil if unknown.
    package var passwordExpiryUTC: Int64?
    /// Set only with a stored password that git stored together with a refresh token. Never a refresh token of keyfob's
    /// own.
    package var oauthRefreshToken: Secret?
    /// The authentication scheme of the access token, for example `Bearer`; nil for a stored password.
    package var authtype: String?
    /// Whether ``password`` is the `credential` of a stored pair `authtype` and `credential`. Only a caller with the
    /// capability `authtype` gets one, and never as a password.
    package var isEncoded: Bool
    /// Whether other helpers must not store the credential.
    package var ephemeral: Bool
    /// Whether the caller may ask again if the service refuses this answer.
    package var `continue`: Bool
    /// Values that git sends back to keyfob (``TokenState``); each begins with `keyfob:`.
    package var state: [String]

    package init(
        username: String?, password: Secret, passwordExpiryUTC: Int64? = nil, oauthRefreshToken: Secret? = nil,
        authtype: String? = nil, isEncoded: Bool = false, ephemeral: Bool = false, continue: Bool = false,
        state: [String] = []
    ) {
        self.username = username
        self.password = password
        self.passwordExpiryUTC = passwordExpiryUTC
        self.oauthRefreshToken = oauthRefreshToken
        self.authtype = authtype
        self.isEncoded = isEncoded
        self.ephemeral = ephemeral
        self.continue = `continue`
        self.state = state
    }
}
