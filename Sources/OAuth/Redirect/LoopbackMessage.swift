import Secrets

/// The parts of a request to the loopback listener that decide the answer.
struct LoopbackRequest {
    var method: String
    /// As in the request line.
    var target: String
    /// All fields in the order of arrival, with lower-case names.
    var fields: [(name: String, value: String)]
    /// At most one byte more than ``longest``.
    var body: [UInt8] = []
    /// Whether another user of this machine sent the request, or the sender is unknown.
    var isFromStranger = false

    /// Longest target and longest body, in bytes. Codes of large providers have up to 2 KiB, and some have been signed and
    /// encrypted tokens of 9 KB. A paste has the same limit.
    static let longest = 16_384

    var isTooLong: Bool { target.utf8.count > Self.longest || body.count > Self.longest }

    /// The form that a page has sent (OAuth 2.0 Form Post Response Mode), if it can be a query; nil for other requests.
    var form: String? {
        let type = values("content-type").first?.asciiLowercased.prefix { $0 != ";" && $0 != " " }
        guard method == "POST", type == "application/x-www-form-urlencoded",
            body.allSatisfy({ (0x21...0x7E).contains($0) && $0 != UInt8(ascii: "#") })
        else { return nil }
        return String(decoding: body, as: UTF8.self)
    }

    /// All values of a field.
    func values(_ name: String) -> [String] {
        fields.filter { $0.name == name }.map(\.value)
    }

    /// Path and query of a target in origin form or absolute form (RFC 9112 section 3.2); nil for other forms.
    var pathAndQuery: (path: String, query: String)? {
        let local = targetHost.map { Substring(target.utf8.dropFirst(Self.scheme.utf8.count + $0.utf8.count)) }
        let parts = String(local ?? Substring(target)).parts(at: "?", maxSplits: 1)
        guard parts[0].begins(with: "/") else { return nil }
        return (String(parts[0]), parts.count > 1 ? String(parts[1]) : "")
    }

    /// The requested host with its port: of a target in absolute form, otherwise all values of `Host` (RFC 9112 section
    /// 3.2.2).
    var hosts: [String] { targetHost.map { [$0] } ?? values("host") }

    private static let scheme = "http://"

    private var targetHost: String? {
        guard target.asciiLowercased.begins(with: Self.scheme) else { return nil }
        return String(Substring(target.utf8.dropFirst(Self.scheme.utf8.count).prefix { $0 != UInt8(ascii: "/") }))
    }

    /// Whether the target or the body contains `state`, wherever it is.
    func contains(_ state: Secret) -> Bool {
        let wanted = state.exposedBytes
        return Array(target.utf8).place(of: wanted) != nil || body.place(of: wanted) != nil
    }

    /// The values of the cookies with that name. Browsers send one `Cookie` field.
    func cookies(_ name: String) -> [String] {
        values("cookie").flatMap { $0.parts(at: ";") }.compactMap { pair in
            let halves = pair.parts(at: "=", maxSplits: 1)
            guard halves.count == 2, Substring(halves[0].utf8.drop { $0 == UInt8(ascii: " ") }).isSame(as: name)
            else { return nil }
            return String(halves[1])
        }
    }

    /// Whether the browser only prefetches: the user has not clicked yet.
    var isPrefetch: Bool {
        ["sec-purpose", "purpose", "x-purpose", "x-moz"].contains { name in
            values(name).contains { $0.lowercased().contains("prefetch") || $0.lowercased().contains("preview") }
        }
    }
}

/// An answer of the listener: status, fields, and always one of our own pages (``BrowserPage``).
struct LoopbackAnswer: Equatable {
    var status: Int
    var fields: [String: String]
    var page: String

    /// A page for the user.
    static func page(_ page: BrowserPage) -> LoopbackAnswer {
        LoopbackAnswer(status: page.status, fields: protection, page: page.html)
    }

    /// A redirect.
    static func redirect(_ status: Int, to location: String, cookie: String? = nil) -> LoopbackAnswer {
        var answer = LoopbackAnswer(status: status, fields: protection, page: "")
        answer.fields["Location"] = location
        answer.fields["Set-Cookie"] = cookie
        return answer
    }

    /// On every answer: only our own style, no frames, no caching, no referrer, no guessing of types.
    private static let protection = [
        "Content-Type": "text/html; charset=utf-8",
        "Content-Security-Policy": BrowserPage.policy,
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "no-referrer",
        "Cache-Control": "no-store",
        "Connection": "close",
    ]
}
