import AuthorizationServer
import KernelKeyring
import TestSupport
import Testing

/// Rows of the failure table for servers that TLS does not authenticate: nothing is sent, the user gets the reason, and
/// nothing is deleted.
@Suite(.timeLimit(.withTurns)) struct `Failure table, TLS` {
    /// A bench at a server with a valid certificate, whose authority the configuration and the browser trust.
    private static func withServer(
        _ body: (FailureBench, TestAuthority) async throws -> Void
    ) async throws {
        try await TestAuthority.lend { authority in
            let good = try await authority.certificate(.good).server
            try await FailureBench.run(more: "ca_file = \"\(authority.file)\"", { $0.certificate = good }) { bench in
                var bench = bench
                bench.session.environment["SSL_CERT_FILE"] = authority.file
                try await body(bench, authority)
            }
        }
    }

    private static let ownAuthority = "if an authority of your own network signed it, set ca_file"

    static let certificates: [(TestAuthority.Kind, FailureRow)] = [
        (
            .expired,
            FailureRow(
                testDescription: "expired", says: "its certificate has expired",
                hint: "check the clock of this machine",
                requests: 0)
        ),
        (
            .wrongName,
            FailureRow(
                testDescription: "another name", says: "its certificate is for another name", hint: "check the address",
                requests: 0)
        ),
        (
            .selfSigned,
            FailureRow(
                testDescription: "signed by itself", says: "its certificate is self-signed",
                hint: ownAuthority, requests: 0)
        ),
    ]

    @Test(
        .enabled(if: (try? KernelKeyring.open()) != nil, "needs the kernel's keyrings"), arguments: certificates)
    func `at a refresh a valid token is returned, otherwise nothing is lost`(
        _ kind: TestAuthority.Kind, _ row: FailureRow
    ) async throws {
        try await Self.withServer { bench, authority in
            let (good, bad) = (
                try await authority.certificate(.good).server, try await authority.certificate(kind).server
            )
            let token = try await bench.signIn()
            let before = bench.server.requestLog.count
            bench.server.reconfigure { $0.certificate = bad }
            try bench.age()
            #expect(try await bench.get().output.password == token)
            try await bench.erase(token)
            row.check(try await bench.get())
            #expect(bench.server.requestLog.count == before)
            bench.server.reconfigure { $0.certificate = good }
            #expect(try await bench.get().status == 0)
            #expect(bench.session.browserOpenings == 1)
        }
    }

    @Test(arguments: certificates)
    func `at a sign-in nothing is sent and no browser is opened`(
        _ kind: TestAuthority.Kind, _ row: FailureRow
    ) async throws {
        try await Self.withServer { bench, authority in
            let bad = try await authority.certificate(kind).server
            bench.server.reconfigure { $0.certificate = bad }
            row.check(try await bench.login())
            #expect(bench.server.requestLog.isEmpty)
            #expect(bench.session.browserOpenings == 0)
        }
    }

    @Test func `an authority that is not configured`() async throws {
        let row = FailureRow(
            testDescription: "", says: "signed by an authority that is not trusted here", hint: Self.ownAuthority)
        try await Self.withServer { bench, _ in
            var bench = bench
            bench.session.environment["SSL_CERT_FILE"] = nil
            try bench.session.configure(for: bench.server)
            row.check(try await bench.login())
            #expect(bench.server.requestLog.isEmpty)
        }
    }

    @Test func `an unreadable file of authorities is an error that the user must fix`() async throws {
        let row = FailureRow(
            testDescription: "", status: 78, says: "the file of certificate authorities cannot be read",
            hint: "check ca_file, SSL_CERT_FILE and git's http.sslCAInfo, which take absolute paths")
        try await Self.withServer { bench, _ in
            var bench = bench
            bench.session.environment["SSL_CERT_FILE"] = "/nonexistent.pem"
            row.check(try await bench.login())
            #expect(bench.server.requestLog.isEmpty)
        }
    }

    /// The target, a server with plain HTTP that would accept the request, receives nothing.
    @Test(arguments: ["/.well-known/", "/token"])
    func `a redirect to http is not followed`(path: String) async throws {
        var row = FailureRow(testDescription: "", says: "sent a redirect (HTTP 302), which keyfob does not follow")
        if path == "/token" { (row.status, row.hint) = (77, "its code cannot be used again") }
        try await AuthorizationServer(.signingInAtOnce).run { plain in
            try await Self.withServer { bench, _ in
                bench.fail(path, with: .redirect(302, to: plain.origin + path))
                row.check(try await bench.login())
                #expect(plain.requestLog.isEmpty)
            }
        }
    }

    @Test func `metadata that name an endpoint without TLS are refused`() async throws {
        let row = FailureRow(
            testDescription: "", status: 78, says: "the server's token_endpoint is not a complete https URL",
            hint: "https://127.0.0.1:")
        try await Self.withServer { bench, _ in
            bench.server.reconfigure { $0.extraMetadata["token_endpoint"] = "http://login.example.net/token" }
            row.check(try await bench.login())
            #expect(bench.session.browserOpenings == 0)
        }
    }
}
