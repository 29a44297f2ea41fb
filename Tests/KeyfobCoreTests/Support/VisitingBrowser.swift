import AsyncHTTPClient
import NIOCore
import NIOHTTP1
import OAuth
import Synchronization

/// A person with a browser, and the authorization server's page in one: follows the start address, and comes back with
/// a code or with a refusal. The n-th code is `code-n`.
final class VisitingBrowser: Sendable {
    private let visits = Mutex(0)
    private let refuses: Bool

    /// - Parameter refuses: whether the person says no.
    init(refuses: Bool = false) {
        self.refuses = refuses
    }

    /// How often it was opened.
    var openings: Int { visits.withLock { $0 } }

    func visit(_ pending: PendingLogin) async throws {
        let visit = visits.withLock { visits in
            visits += 1
            return visits
        }
        var configuration = HTTPClient.Configuration()
        configuration.redirectConfiguration = .disallow
        let client = HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
        do {
            try await walk(pending, visit, client)
            try await client.shutdown()
        } catch {
            try await client.shutdown()
            throw error
        }
    }

    private func walk(_ pending: PendingLogin, _ visit: Int, _ client: HTTPClient) async throws {
        guard let startAddress = pending.startAddress else { return }
        let start = try await client.execute(HTTPClientRequest(url: startAddress), timeout: .seconds(10))
        let query = start.headers.first(name: "location")?.split(separator: "?").last ?? ""
        let state = query.split(separator: "&").first { $0.hasPrefix("state=") } ?? ""
        let answer = refuses ? "error=access_denied" : "code=code-\(visit)"
        var back = HTTPClientRequest(url: "\(pending.redirectURI)?\(answer)&\(state)")
        for cookie in start.headers[canonicalForm: "set-cookie"] {
            back.headers.add(name: "cookie", value: String(cookie.prefix { $0 != ";" }))
        }
        let page = try await client.execute(back, timeout: .seconds(10))
        if let end = page.headers.first(name: "location") {
            let origin = pending.redirectURI.split(separator: "/").prefix(2).joined(separator: "//")
            let address = end.hasPrefix("/") ? origin + end : end
            _ = try? await client.execute(HTTPClientRequest(url: address), timeout: .seconds(10))
        }
    }
}
