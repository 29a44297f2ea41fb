import Addresses
import Secrets

/// An issuer identifier, kept as text: it is compared byte for byte (RFC 8414 section 3.3).
struct Issuer {
    let string: String
    let url: EndpointURL

    /// Accepts `https` (or `http` on loopback) without query and fragment (RFC 8414 section 2).
    ///
    /// - Throws: `invalidEndpoint`.
    init(_ string: String) throws(OAuthError) {
        guard let url = try? EndpointURL(string), url.query == nil else { throw .invalidEndpoint(member: "issuer") }
        (self.string, self.url) = (string, url)
    }

    /// The possible locations of the metadata, in the order to try: RFC 8414 section 3.1, then section 5, then OpenID
    /// Connect Discovery section 4. Last is a place that no standard names, but that some servers below a path have. For an
    /// issuer with a path, the root is not tried: that document belongs to another issuer.
    var metadataLocations: [String] {
        let path = url.path.hasSuffix("/") ? String(url.path.dropLast()) : url.path
        let base = authority
        let inserted = ["oauth-authorization-server", "openid-configuration"].map { "\(base)/.well-known/\($0)\(path)" }
        let appended = ["openid-configuration", "oauth-authorization-server"].map { "\(base)\(path)/.well-known/\($0)" }
        return path.isEmpty ? inserted : inserted + appended
    }

    /// Whether a document with the issuer `found` belongs to this issuer.
    ///
    /// The two must be identical, or differ only by one slash directly after the authority. Both forms have the same
    /// well-known URL, and well-known providers are configured in one form and write the other.
    func accepts(_ found: String) -> Bool {
        found.isSame(as: string) || url.path.isEmpty && found.isSame(as: string + "/")
            || url.path == "/" && string.isSame(as: found + "/")
    }

    /// Scheme and authority as written.
    private var authority: String { String(string.dropLast(url.path.utf8.count)) }
}
