import Addresses
import OAuth

/// Built-in facts about the authorization servers of one operator, independent of the service.
struct KnownIssuer: Sendable {
    /// The hosts of their issuers and endpoints.
    let hosts: Set<String>
    /// As in ``KnownHost/pkce``.
    let pkce: PKCEPolicy?
    /// Whether `resource` (RFC 8707) may be sent; otherwise the scopes name the resource.
    let takesResource: Bool
    /// Whether it gives a refresh token only if the user is asked for consent (OpenID Connect Core section 11).
    let needsConsent: Bool
    /// Whether it gives each client a secret that it needs.
    var clientsNeedSecret = false
    /// Other hosts of its endpoints and of its device page, as ``EndpointURL/authority`` writes them. keyfob does not
    /// ask the user about these. Each has its source in a comment.
    let endpointHosts: [String]

    /// The row for a server, or nil if there is none.
    static func match(_ server: Account.ServerLocation) -> KnownIssuer? {
        guard let host = (try? EndpointURL(server.identifier))?.host else { return nil }
        return rows.first { $0.hosts.contains(host) }
    }

    private static let rows = [entra, google]

    /// Microsoft Entra, in its three clouds. It understands S256 and does not announce it. It refuses a request whose
    /// `resource` does not match its scopes (AADSTS9010010).
    private static let entra = KnownIssuer(
        hosts: ["login.microsoftonline.com", "login.microsoftonline.us", "login.partner.microsoftonline.cn"],
        pkce: .assumed, takesResource: false,
        // https://learn.microsoft.com/entra/identity-platform/v2-oauth2-auth-code-flow: `offline_access` suffices, and with
        // prompt=consent a user needs an administrator for permissions that one has granted already.
        needsConsent: false,
        // https://learn.microsoft.com/entra/identity-platform/v2-oauth2-device-code: "verification_uri" is
        // https://microsoft.com/devicelogin.
        endpointHosts: ["microsoft.com"])

    private static let google = KnownIssuer(
        hosts: ["accounts.google.com"], pkce: nil, takesResource: true, needsConsent: false,
        // https://developers.google.com/identity/protocols/oauth2/native-app: the exchange of the code needs it.
        clientsNeedSecret: true,
        // https://accounts.google.com/.well-known/openid-configuration: token, device and revocation endpoint are on
        // oauth2.googleapis.com. https://developers.google.com/identity/protocols/oauth2/limited-input-device: the
        // device page is https://www.google.com/device.
        endpointHosts: ["oauth2.googleapis.com", "www.google.com"])
}
