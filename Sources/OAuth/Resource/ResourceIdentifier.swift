import Secrets

/// The URL of a protected resource, as an identifier (RFC 9728 section 1.2, RFC 8707 section 2).
struct ResourceIdentifier {
    let url: EndpointURL

    /// Scheme and host in lower case, no port where it is the scheme's own, no slash where there is no path; path and
    /// query as they are.
    var canonical: String {
        url.origin + (url.path == "/" ? "" : url.path) + (url.query.map { "?" + $0 } ?? "")
    }

    /// Where its metadata may be, in the order of asking: with the well-known name between host and path and query
    /// (RFC 9728 section 3.1), then that of the whole host, which the Model Context Protocol asks for besides.
    var metadataLocations: [String] {
        let root = url.origin + "/.well-known/oauth-protected-resource"
        let inserted = root + canonical.dropFirst(url.origin.count)
        return inserted == root ? [root] : [inserted, root]
    }

    /// Whether a document for `resource` is also a document for this resource.
    ///
    /// The same URL, or a prefix of it on the same origin that ends between two segments of the path: RFC 9728 section
    /// 3.3 asks for the same, and many servers describe all that is below one path, or on one origin, at once. Where a
    /// path has segments that a server may resolve, a prefix of the text says nothing, and only the same text will do.
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

    private static func withoutLastSlash(_ path: String) -> Substring {
        path.hasSuffix("/") ? path.dropLast() : path[...]
    }

    /// Whether a segment is `.` or `..`, also in disguise.
    static func mayBeResolved(_ path: String) -> Bool {
        let plain = path.lowercased().replacing("%2e", with: ".").replacing("%2f", with: "/")
            .replacing("%5c", with: "/")
        return plain.split(separator: "/").contains { $0 == "." || $0 == ".." }
    }
}
