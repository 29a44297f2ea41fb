package import Secrets

/// What a caller said, whatever the dialect: for what it needs a credential, or which one was accepted or refused.
///
/// Strings hold what was given, unchanged but for bytes that are not UTF-8: those stand percent-encoded in ``path`` and
/// as U+FFFD in ``wwwauth`` and ``state``; elsewhere they refuse the request. No value holds a control character, except
/// that a challenge may hold HTAB.
package struct CredentialRequest: Sendable, Equatable {
    /// The scheme of the URL, as given: `https`, `http`, but also `cert`, `smtp`, `imap`.
    package var protocolName: String
    /// `host` or `host:port` as in the URL; empty for protocols that have none (`cert`), never for http and https.
    package var host: String
    /// The path without a leading slash, percent-decoded. Git sends it for http(s) only where `credential.useHttpPath` is set.
    package var path: String?
    /// An empty user name is not the same as none.
    package var username: String?

    /// On `store` and `erase`, the password; it may be empty.
    package var password: Secret?
    /// When ``password`` or ``credential`` ends, in seconds since 1970; nil where nothing is known.
    package var passwordExpiryUTC: Int64?
    package var oauthRefreshToken: Secret?

    /// The authentication scheme of ``credential``, `Bearer` for example.
    package var authtype: String?
    /// What stands behind ``authtype`` in the `Authorization` header field.
    package var credential: Secret?
    /// The credential must not be kept.
    package var ephemeral: Bool

    /// The optional parts of the protocol that the caller understands; unknown ones are left out.
    package var capabilities: Set<Capability>
    /// The `WWW-Authenticate` field values that the server sent, in order. Written by the server: trust nothing in them.
    package var wwwauth: [String]
    /// What helpers gave git to keep for them; others' state is among it.
    package var state: [String]

    // MARK: From callers that are not git; the git dialect leaves them empty.

    /// OAuth scopes (RFC 6749 section 3.3), in order.
    package var scope: [String]
    /// The resource indicator (RFC 8707), an absolute URI.
    package var resource: String?
    /// The least life, in seconds, that an access token must have left.
    package var minTTL: Int?
    package var interaction: Interaction?

    package init(
        protocolName: String, host: String, path: String? = nil, username: String? = nil,
        password: Secret? = nil, passwordExpiryUTC: Int64? = nil, oauthRefreshToken: Secret? = nil,
        authtype: String? = nil, credential: Secret? = nil, ephemeral: Bool = false,
        capabilities: Set<Capability> = [], wwwauth: [String] = [], state: [String] = [],
        scope: [String] = [], resource: String? = nil, minTTL: Int? = nil, interaction: Interaction? = nil
    ) {
        self.protocolName = protocolName
        self.host = host
        self.path = path
        self.username = username
        self.password = password
        self.passwordExpiryUTC = passwordExpiryUTC
        self.oauthRefreshToken = oauthRefreshToken
        self.authtype = authtype
        self.credential = credential
        self.ephemeral = ephemeral
        self.capabilities = capabilities
        self.wwwauth = wwwauth
        self.state = state
        self.scope = scope
        self.resource = resource
        self.minTTL = minTTL
        self.interaction = interaction
    }

    /// The service that the request is about; nil unless the protocol is http or https and the host is valid.
    package var url: ServiceURL? {
        ServiceURL(protocolName: protocolName, host: host, path: path)
    }
}
