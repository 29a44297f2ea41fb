import OAuth

/// What is known in advance about the authorization servers of one operator, whichever service they sign people in for.
struct KnownIssuer: Sendable {
    /// The hosts of their issuers and endpoints.
    let hosts: Set<String>
    /// As in ``KnownHost/pkce``.
    let pkce: PKCEPolicy?
    /// Whether `resource` (RFC 8707) may be sent; where not, the scopes name the resource.
    let takesResource: Bool

    /// The row for a server; nil where nothing is known of it.
    static func match(_ server: Account.ServerLocation) -> KnownIssuer? {
        guard let host = (try? EndpointURL(server.identifier))?.host else { return nil }
        return rows.first { $0.hosts.contains(host) }
    }

    private static let rows = [entra]

    /// Microsoft Entra, in its three clouds. It understands S256 and does not announce it; and it refuses a request whose
    /// `resource` does not go with its scopes (AADSTS9010010).
    private static let entra = KnownIssuer(
        hosts: ["login.microsoftonline.com", "login.microsoftonline.us", "login.partner.microsoftonline.cn"],
        pkce: .assumed, takesResource: false)
}
