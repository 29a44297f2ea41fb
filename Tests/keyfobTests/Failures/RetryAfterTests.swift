import AuthorizationServer
import KernelKeyring
import TestSupport
import Testing

/// The row of the failure table for 429 and `Retry-After` (RFC 9110 section 10.2.3), at each endpoint. keyfob waits
/// some seconds if a second request is safe. Otherwise it reports the time. Until then no process refreshes there, but the
/// user may sign in.
@Suite(.timeLimit(.withTurns)) struct `Failure table, Retry-After` {
    struct Endpoint: Sendable, CustomTestStringConvertible {
        var testDescription: String
        var path: String
        var identity = FailureBench.Identity.configured
        var more = ""
        var change: @Sendable (inout AuthorizationServerConfiguration) -> Void = { _ in }
        /// Whether the request may be sent again.
        var isRepeated = false
        /// Whether the request belongs to a refresh and not to a sign-in.
        var isRefresh = false

        /// Sends the request.
        func ask(_ bench: FailureBench) async throws -> CommandResult {
            try await isRefresh ? bench.get() : bench.login()
        }

        func run(_ body: (FailureBench) async throws -> Void) async throws {
            try await FailureBench.run(identity, more: more, change) { bench in
                if isRefresh { try await bench.erase(try await bench.signIn()) }
                try await body(bench)
            }
        }
    }

    static let endpoints: [Endpoint] = [
        Endpoint(testDescription: "metadata", path: "/.well-known/", isRepeated: true),
        Endpoint(testDescription: "registration", path: "/register", identity: .registered),
        Endpoint(testDescription: "pushed request", path: "/par", change: { $0.pushedRequests = .required }),
        Endpoint(
            testDescription: "device authorization", path: "/device_authorization", more: "flow = \"device\"",
            change: { $0.device.isOffered = true }),
        Endpoint(testDescription: "code exchange", path: "/token"),
        Endpoint(testDescription: "refresh", path: "/token", isRepeated: true, isRefresh: true),
    ]

    private static func row(_ says: String, status: Int = 429, _ endpoint: Endpoint? = nil) -> FailureRow {
        var row = FailureRow(testDescription: "", says: "is not available (HTTP \(status)), try again in " + says)
        if let endpoint, endpoint.path == "/token", !endpoint.isRefresh {
            (row.status, row.hint) = (77, "its code cannot be used again; sign in again: keyfob login http")
        }
        return row
    }

    @Test(arguments: endpoints)
    func `a second: waited for if that is safe, otherwise reported`(_ endpoint: Endpoint) async throws {
        try await endpoint.run { bench in
            let before = bench.requests(to: endpoint.path)
            bench.fail(endpoint.path, once: [.busy(retryAfter: "1")])
            let result = try await endpoint.ask(bench)
            if endpoint.isRepeated {
                #expect(result.status == 0, "\(result.complaint)")
            } else {
                Self.row("1 second", endpoint).check(result)
            }
            #expect(bench.requests(to: endpoint.path) - before == (endpoint.isRepeated ? 2 : 1))
        }
    }

    @Test(
        .enabled(if: (try? KernelKeyring.open()) != nil, "needs the kernel's keyrings"), arguments: endpoints)
    func `an hour: reported, and no process refreshes until then, but the user may sign in`(
        _ endpoint: Endpoint
    ) async throws {
        try await endpoint.run { bench in
            let before = bench.requests(to: endpoint.path)
            bench.fail(endpoint.path, with: .busy(retryAfter: "3600", status: 503))
            Self.row("60 minutes", status: 503, endpoint).check(try await endpoint.ask(bench))
            // Metadata may be at two places.
            let places = endpoint.isRepeated && !endpoint.isRefresh ? 2 : 1
            #expect(bench.requests(to: endpoint.path) - before == places)
            bench.server.intercept(nil)
            if endpoint.isRefresh {
                // Another process, a moment later, sends the server nothing.
                let all = bench.server.requestLog.count
                let paused = FailureRow(
                    testDescription: "", says: "127.0.0.1 has asked for a pause, try again in ",
                    hint: "if this does not end: keyfob login http")
                paused.check(try await bench.get())
                #expect(bench.server.requestLog.count == all)
            }
            let result = try await bench.login()
            #expect(result.status == 0, "\(result.complaint)")
            #expect(try await bench.get().status == 0)
        }
    }

    @Test(arguments: [
        ("Thu, 01 Jan 1970 00:00:00 GMT", String?.none), ("0", nil), ("Fri, 31 Dec 9999 23:59:59 GMT", "60 minutes"),
    ])
    func `a date`(value: String, told: String?) async throws {
        let refresh = try #require(Self.endpoints.last)
        try await refresh.run { bench in
            bench.fail("/token", once: [.busy(retryAfter: value)])
            let result = try await bench.get()
            if let told {
                Self.row(told).check(result)
            } else {
                #expect(result.status == 0, "\(result.complaint)")
            }
        }
    }

    @Test(arguments: ["soon", "-1", "1e9", ""])
    func `anything else is ignored`(value: String) async throws {
        let row = FailureRow(testDescription: "", says: "is not available (HTTP 429)")
        let refresh = try #require(Self.endpoints.last)
        try await refresh.run { bench in
            bench.fail("/token", once: [.busy(retryAfter: value)])
            let result = try await bench.get()
            row.check(result)
            #expect(!result.complaint.contains("try again in"))
            #expect(try await bench.get().status == 0)
        }
    }

    @Test func `during the polling of a device login, it is the pause`() async throws {
        try await FailureBench.run(more: "flow = \"device\"", { $0.device.isOffered = true }) { bench in
            bench.fail("/token", once: [.busy(retryAfter: "1"), .busy(retryAfter: "1", status: 503)])
            let result = try await bench.login()
            #expect(result.status == 0, "\(result.complaint)")
            #expect(bench.requests(to: "/token") == 4)
        }
    }

    @Test(.enabled(if: (try? KernelKeyring.open()) != nil, "needs the kernel's keyrings"))
    func `a valid access token is returned meanwhile`() async throws {
        try await FailureBench.run { bench in
            let token = try await bench.signIn()
            try bench.age()
            bench.fail("/token", with: .busy(retryAfter: "3600"))
            for _ in 0..<2 { #expect(try await bench.get().output.password == token) }
            #expect(bench.requests(to: "/token") == 2)
        }
    }
}
