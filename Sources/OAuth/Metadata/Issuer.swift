import Secrets

/// An issuer identifier, kept as text: comparisons are of bytes (RFC 8414 section 3.3).
struct Issuer {
    let string: String
    let url: EndpointURL

    /// `https` (or `http` on loopback) without query and fragment (RFC 8414 section 2).
    init(_ string: String) throws(OAuthError) {
        guard let url = try? EndpointURL(string), url.query == nil else { throw .invalidEndpoint(member: "issuer") }
        (self.string, self.url) = (string, url)
    }

    /// Where the metadata may be, in the order of asking: RFC 8414 section 3.1, then section 5, then OpenID Connect
    /// Discovery section 4. An issuer with a path never asks at the root: that document is another issuer's.
    var metadataLocations: [String] {
        let path = url.path.hasSuffix("/") ? String(url.path.dropLast()) : url.path
        let base = authority
        let inserted = ["oauth-authorization-server", "openid-configuration"].map { "\(base)/.well-known/\($0)\(path)" }
        return path.isEmpty ? inserted : inserted + ["\(base)\(path)/.well-known/openid-configuration"]
    }

    /// Whether a document that calls itself `found` is this issuer's.
    ///
    /// Identical, or different by one slash directly after the authority and nothing else: both have the same
    /// well-known address, and well-known providers are configured one way and write the other.
    func accepts(_ found: String) -> Bool {
        found.isSame(as: string) || url.path.isEmpty && found.isSame(as: string + "/")
            || url.path == "/" && string.isSame(as: found + "/")
    }

    /// Scheme and authority as written.
    private var authority: String { String(string.dropLast(url.path.utf8.count)) }
}
