/// Decides whether a redirect URI was registered.
///
/// Two URIs are equal if their strings are (RFC 9700 section 2.1). On loopback the port may differ, because a native
/// app uses the port that the system assigns (RFC 8252 section 7.3).
enum RedirectURIRule {
    private static let loopbackOrigins = ["http://127.0.0.1", "http://[::1]", "http://localhost"]

    /// Whether `given` equals `registered`, ignoring the port of a loopback URI if `ignoringPort` is true.
    static func matches(_ given: String, registered: String, ignoringPort: Bool) -> Bool {
        guard !given.contains("#") else { return false }
        if given == registered { return true }
        guard ignoringPort, let ours = withoutPort(registered), let theirs = withoutPort(given) else { return false }
        return ours == theirs
    }

    /// The loopback URI without its port. Returns nil for any other URI, also for one whose host only begins like a
    /// loopback address (`127.0.0.1.example`, `127.0.0.1@example`).
    static func withoutPort(_ uri: String) -> String? {
        guard let origin = loopbackOrigins.first(where: uri.hasPrefix) else { return nil }
        var rest = uri.dropFirst(origin.count)
        if rest.first == ":" {
            let digits = rest.dropFirst().prefix { $0.isASCII && $0.isNumber }
            guard let port = Int(digits), (1...65_535).contains(port) else { return nil }
            rest = rest.dropFirst(1 + digits.count)
        }
        guard rest.isEmpty || rest.first == "/" || rest.first == "?" else { return nil }
        return origin + rest
    }
}
