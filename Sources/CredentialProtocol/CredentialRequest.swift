package import Addresses
package import Secrets

/// A caller's request, in any dialect. It names the service for which the caller needs a credential, or reports a
/// credential that the service accepted or refused.
///
/// Strings are stored as given. Bytes that are not UTF-8 are percent-encoded in ``path`` and become U+FFFD in
/// ``wwwauth`` and ``state``; in any other string they make the request invalid. No value holds a control character,
/// except that a challenge may hold HTAB.
package struct CredentialRequest: Sendable, Equatable {
    /// The scheme of the URL, as given: `https` or `http`, but also `cert`, `smtp`, `imap`.
    package var protocolName: String
    /// `host` or `host:port` as in the URL. Empty for protocols without a host (`cert`), never for http and https.
    package var host: String
    /// The path without a leading slash, percent-decoded. For http(s), git sends it only if `credential.useHttpPath` is
    /// set.
    package var path: String?
    /// An empty user name differs from nil.
    package var username: String?

    /// The password, for `store` and `erase`. It may be empty.
    package var password: Secret?
    /// When ``password`` or ``credential`` expires, in seconds since 1970; nil if unknown.
    package var passwordExpiryUTC: Int64?
    package var oauthRefreshToken: Secret?

    /// The authentication scheme of ``credential``, `Bearer` for example.
    package var authtype: String?
    /// The part of the `Authorization` header field that follows ``authtype``.
    package var credential: Secret?
    /// Whether helpers must not store the credential.
    package var ephemeral: Bool

    /// The optional parts of the protocol that the caller understands. Unknown capabilities are left out.
    package var capabilities: Set<Capability>
    /// The `WWW-Authenticate` field values that the server sent, in order. The server controls them: do not trust them.
    package var wwwauth: [String]
    /// The values that helpers asked git to keep for them, including those of other helpers.
    package var state: [String]

    // MARK: Only from callers other than git; the git dialect leaves these empty.

    /// OAuth scopes (RFC 6749 section 3.3), in order.
    package var scope: [String]
    /// The resource indicator (RFC 8707), an absolute URI.
    package var resource: String?
    /// The minimum remaining lifetime of an access token, in seconds.
    package var minTTL: Int?
    package var interaction: Interaction?

    /// The only scopes that an access token may have; empty for no such limit. No caller sends it: it is a decision of the
    /// user about another machine (`keyfob forward --scope`).
    package var onlyScopes: [String] = []

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

    /// The service that the request is for; nil unless the protocol is http or https and the host is valid.
    package var url: ServiceURL? {
        ServiceURL(protocolName: protocolName, host: host, path: path)
    }

    /// Makes this a request for a token of another service.
    package mutating func move(to service: ServiceURL) {
        protocolName = service.scheme
        host = String(service.origin.dropFirst(service.scheme.utf8.count + "://".utf8.count))
        path = service.pathSegments.isEmpty ? nil : service.pathSegments.joined(separator: "/")
    }
}
