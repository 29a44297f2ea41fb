/// The open sign-in pages, each under the CSRF token in its form and bound to the cookie of the browser that got it
/// (RFC 9700 section 4.7). At most 256 pages are kept, for ten minutes each.
struct PendingConsents: Sendable {
    struct Page: Sendable {
        var request: AuthorizationRequest
        var cookie: TokenDigest
        var expiry: Double
    }

    private var pages: [TokenDigest: Page] = [:]
    private static let capacity = 256
    private static let lifetime: Double = 600

    /// Stores a page and returns its CSRF token.
    mutating func open(_ request: AuthorizationRequest, cookie: String, now: Double) -> String {
        pages = pages.filter { now < $0.value.expiry }
        if pages.count >= Self.capacity, let oldest = pages.min(by: { $0.value.expiry < $1.value.expiry }) {
            pages[oldest.key] = nil
        }
        let token = TokenDigest.random()
        let expiry = now + Self.lifetime
        pages[TokenDigest(token)] = Page(request: request, cookie: TokenDigest(cookie), expiry: expiry)
        return token
    }

    /// The request of the page, if token and cookie match.
    func request(csrf: String?, cookie: String?, now: Double) -> AuthorizationRequest? {
        guard let csrf, let cookie, let page = pages[TokenDigest(csrf)], page.cookie == TokenDigest(cookie),
            now < page.expiry
        else { return nil }
        return page.request
    }

    mutating func close(csrf: String?) {
        if let csrf { pages[TokenDigest(csrf)] = nil }
    }
}
