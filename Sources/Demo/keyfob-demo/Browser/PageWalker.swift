import AsyncHTTPClient
import FoundationEssentials
import NIOCore
import NIOHTTP1

/// A browser without a screen: it follows redirects, keeps cookies, and fills in the one form with a password field.
struct PageWalker {
    private let client: HTTPClient
    private var cookies = CookieJar()

    /// More redirects and pages than a sign-in has; beyond this it is a loop.
    private static let limit = 12

    static func walk(_ address: String, name: String, password: String) async throws {
        let client = HTTPClient(
            eventLoopGroupProvider: .singleton, configuration: .init(redirectConfiguration: .disallow))
        var walker = PageWalker(client: client)
        do {
            try await walker.walk(address, name: name, password: password)
        } catch {
            try? await client.shutdown()
            throw error
        }
        try await client.shutdown()
    }

    private mutating func walk(_ address: String, name: String, password: String) async throws {
        var request = HTTPClientRequest(url: address)
        var hasSignedIn = false
        for _ in 0..<Self.limit {
            let (status, location, page) = try await send(request)
            if let location {
                guard let next = Self.resolve(location, against: request.url) else {
                    throw DemoFailure(description: "a redirect has no http URL")
                }
                request = HTTPClientRequest(url: next)
            } else if let form = SignInForm(page), !hasSignedIn {
                hasSignedIn = true
                request = submission(of: form, at: request.url, name: name, password: password)
            } else {
                guard status == 200, hasSignedIn else { throw DemoFailure(description: "status \(status)") }
                return
            }
        }
        throw DemoFailure(description: "too many redirects")
    }

    private mutating func send(
        _ request: HTTPClientRequest
    ) async throws -> (status: Int, location: String?, page: String) {
        var request = request
        let cookie = cookies.header(for: request.url)
        if !cookie.isEmpty { request.headers.replaceOrAdd(name: "Cookie", value: cookie) }
        let response = try await client.execute(request, timeout: .seconds(20))
        for field in response.headers["Set-Cookie"] { cookies.set(field, from: request.url) }
        let body = try await response.body.collect(upTo: 1 << 20)
        let location = (300..<400).contains(response.status.code) ? response.headers.first(name: "Location") : nil
        return (Int(response.status.code), location, String(decoding: body.readableBytesView, as: UTF8.self))
    }

    private func submission(
        of form: SignInForm, at url: String, name: String, password: String
    ) -> HTTPClientRequest {
        var request = HTTPClientRequest(url: form.action.flatMap { Self.resolve($0, against: url) } ?? url)
        request.method = .POST
        request.headers.add(name: "Content-Type", value: "application/x-www-form-urlencoded")
        request.headers.add(name: "Origin", value: Self.origin(of: url))
        request.body = .bytes(ByteBuffer(string: form.filledIn(name: name, password: password)))
        return request
    }

    static func origin(of url: String) -> String {
        url.split(separator: "/", maxSplits: 3, omittingEmptySubsequences: false).prefix(3).joined(separator: "/")
    }

    /// An absolute URL, or a path on the same origin; that is enough for an authorization response.
    static func resolve(_ location: String, against base: String) -> String? {
        if location.hasPrefix("http://") || location.hasPrefix("https://") { return location }
        return location.hasPrefix("/") && !location.hasPrefix("//") ? origin(of: base) + location : nil
    }
}
