import Addresses
import Secrets

/// The URL of a protected resource, as an identifier (RFC 9728 section 1.2, RFC 8707 section 2).
struct ResourceIdentifier {
    let url: EndpointURL

    /// Scheme and host in lower case, no default port, no slash if that is the whole path. Path and query are otherwise
    /// unchanged.
    var canonical: String {
        url.origin + (url.path == "/" ? "" : url.path) + (url.query.map { "?" + $0 } ?? "")
    }

    /// The possible locations of its metadata, in the order to try. The first has the well-known name between host and
    /// path with query (RFC 9728 section 3.1). The second is that of the whole host, which the Model Context Protocol
    /// requires too.
    var metadataLocations: [String] {
        let root = url.origin + "/.well-known/oauth-protected-resource"
        let inserted = root + canonical.dropFirst(url.origin.count)
        return inserted == root ? [root] : [inserted, root]
    }

    /// Whether a document for `resource` also applies to this resource.
    ///
    /// It applies if `resource` is the same URL, or a prefix of it on the same origin that ends at a segment boundary.
    /// RFC 9728 section 3.3 requires the same URL, but many servers describe everything below a path or on an origin in
    /// one document. If a path has segments that a server may resolve, a text prefix proves nothing; then only the same
    /// text counts.
    func isCovered(by resource: String) -> Bool {
        if resource.isSame(as: url.string) { return true }
        guard let other = try? EndpointURL(resource), other.origin == url.origin,
            !Self.mayBeResolved(url.path), !Self.mayBeResolved(other.path)
        else { return false }
        if let query = other.query {
            return query == url.query && Self.withoutLastSlash(other.path) == Self.withoutLastSlash(url.path)
        }
        let base = Self.withoutLastSlash(other.path)
        return Self.withoutLastSlash(url.path) == base || url.path.hasPrefix(base + "/")
    }

    static func withoutLastSlash(_ path: String) -> Substring {
        path.hasSuffix("/") ? path.dropLast() : path[...]
    }

    /// Whether a segment is `.` or `..`, even if percent-encoded.
    static func mayBeResolved(_ path: String) -> Bool {
        let plain = path.lowercased().replacing("%2e", with: ".").replacing("%2f", with: "/")
            .replacing("%5c", with: "/")
        return plain.split(separator: "/").contains { $0 == "." || $0 == ".." }
    }
}
