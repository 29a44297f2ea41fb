import Addresses
package import OAuth
import Synchronization

/// The clock skews between this machine and the servers that keyfob asked.
package final class ServerClocks: Sendable {
    private let skews = Mutex<[String: ClockSkew]>([:])

    package init() {}

    /// The skews by origin; empty if no server sent its time.
    package var all: [String: ClockSkew] { skews.withLock { $0 } }

    fileprivate func note(_ skew: ClockSkew, of origin: String) { skews.withLock { $0[origin] = skew } }
}

/// Notes the clock skew of each server that answers.
package struct ClockedTransport: HTTPTransport {
    private let transport: any HTTPTransport
    private let clocks: ServerClocks
    private let now: @Sendable () -> Int64

    /// - Parameter now: seconds since 1970-01-01 UTC.
    package init(_ transport: some HTTPTransport, clocks: ServerClocks, now: @escaping @Sendable () -> Int64) {
        (self.transport, self.clocks, self.now) = (transport, clocks, now)
    }

    package func send(_ request: HTTPRequest) async throws(OAuthError) -> HTTPResponse {
        let response = try await transport.send(request)
        if let skew = ClockSkew(date: response.field("Date"), age: response.field("Age"), now: now()) {
            clocks.note(skew, of: request.url.origin)
        }
        return response
    }
}
