/// Cookies by host, name and path (RFC 6265 section 5.3). They do not expire, because a sign-in takes only seconds.
/// Ports are ignored, as in any browser.
struct CookieJar {
    private struct Cookie {
        var host: String
        var path: String
        var name: String
        var value: String
    }

    private var cookies: [Cookie] = []

    /// Stores the cookie of a `Set-Cookie` field.
    mutating func set(_ field: String, from url: String) {
        let pieces = field.split(separator: ";").map { piece in
            piece.split(separator: "=", maxSplits: 1).map { String($0.drop { $0 == " " }) }
        }
        guard let pair = pieces.first, let name = pair.first else { return }
        let path = pieces.dropFirst().first { $0.first?.lowercased() == "path" }?.last ?? "/"
        let (host, _) = Self.parts(url)
        cookies.removeAll { $0.host == host && $0.name == name && $0.path == path }
        cookies.append(Cookie(host: host, path: path, name: name, value: pair.count == 2 ? pair[1] : ""))
    }

    /// The `Cookie` field for a request; empty if there are no cookies for it.
    func header(for url: String) -> String {
        let (host, path) = Self.parts(url)
        return cookies.filter { cookie in
            cookie.host == host && Self.covers(cookie.path, path)
        }.map { "\($0.name)=\($0.value)" }.joined(separator: "; ")
    }

    /// Path matching (RFC 6265 section 5.1.4).
    private static func covers(_ cookiePath: String, _ path: String) -> Bool {
        path == cookiePath || path.hasPrefix(cookiePath.hasSuffix("/") ? cookiePath : cookiePath + "/")
    }

    private static func parts(_ url: String) -> (host: String, path: String) {
        let pieces = url.split(separator: "/", maxSplits: 3, omittingEmptySubsequences: false)
        let authority = pieces.count > 2 ? pieces[2] : ""
        let host = authority.lastIndex(of: ":").map { authority[..<$0] } ?? authority
        let path = pieces.count > 3 ? pieces[3].prefix { $0 != "?" && $0 != "#" } : ""
        return (String(host), "/" + path)
    }
}
