import AuthorizationServer
import TestSupport
import Testing

/// Scenarios from the Model Context Protocol's conformance suite for clients, with its identifiers, at a configured
/// service. RFC 8414 sections 3 and 5, RFC 9207 section 2.4.
@Suite(.timeLimit(.withTurns)) struct `A sign-in in scenarios` {
    struct Scenario: Sendable, CustomTestStringConvertible {
        /// The identifier.
        var testDescription: String
        var status: Int32 = 0
        var change: @Sendable (inout AuthorizationServerConfiguration, _ origin: String) -> Void = { _, _ in }
    }

    static let issuers: [Scenario] = [
        Scenario(testDescription: "iss-supported"),
        Scenario(testDescription: "iss-not-advertised") { configuration, _ in
            configuration.advertisesIssuerParameter = false
        },
        Scenario(testDescription: "iss-not-advertised, and absent") { configuration, _ in
            configuration.advertisesIssuerParameter = false
            configuration.issuerParameter = .omitted
        },
        Scenario(testDescription: "iss-supported-missing", status: 77) { configuration, _ in
            configuration.issuerParameter = .omitted
        },
        Scenario(testDescription: "iss-wrong-issuer", status: 77) { configuration, _ in
            configuration.issuerParameter = .other("https://evil.example")
        },
        Scenario(testDescription: "iss-unexpected", status: 77) { configuration, _ in
            configuration.advertisesIssuerParameter = false
            configuration.issuerParameter = .other("https://evil.example")
        },
        Scenario(testDescription: "iss-normalized", status: 77) { configuration, origin in
            configuration.issuerParameter = .other(origin + "/")
        },
    ]

    @Test(arguments: issuers)
    func `the response's issuer is compared byte for byte before the code is sent to any server`(
        _ scenario: Scenario
    ) async throws {
        try await Self.signIn { configuration, origin in
            scenario.change(&configuration, origin)
        } then: { server, result, _ in
            #expect(result.status == scenario.status, "\(result.complaint)")
            #expect(server.requests(to: "/token").count == (scenario.status == 0 ? 1 : 0))
        }
    }

    @Test(
        arguments: [
            ("metadata-default", "", "/.well-known/oauth-authorization-server"),
            ("metadata-var1", "", "/.well-known/openid-configuration"),
            ("metadata-var2", "/tenant", "/.well-known/oauth-authorization-server/tenant"),
            ("metadata-var3", "/tenant", "/tenant/.well-known/openid-configuration"),
        ])
    func `metadata are found at each of their locations, and a root document is not used for a path`(
        identifier: String, path: String, place: String
    ) async throws {
        try await Self.signIn(path: path, only: place) { result, log in
            #expect(result.status == 0, "\(identifier): \(result.complaint)")
            #expect(log.contains { $0.path == place && $0.status == 200 })
            if !path.isEmpty { #expect(!log.contains { $0.path == "/.well-known/oauth-authorization-server" }) }
        }
    }

    @Test(.counted(.hostileServers)) func `metadata-issuer-mismatch: a document of another issuer is refused`()
        async throws
    {
        try await Self.signIn { configuration, _ in
            configuration.announcedIssuer = "https://honest.example"
        } then: { server, result, session in
            #expect(result.status == 78)
            #expect(result.complaint.contains("belongs to another issuer: https://honest.example"))
            #expect(session.browserOpenings == 0)
            #expect(server.requests(to: "/authorize").isEmpty)
        }
    }

    @Test func `pre-registration: a configured client does not register`() async throws {
        try await Self.signIn { configuration, _ in
            configuration.registration.access = .open
        } then: { server, result, _ in
            #expect(result.status == 0, "\(result.complaint)")
            #expect(server.requests(to: "/register").isEmpty)
            #expect(server.requests(to: "/authorize").first?.fields["client_id"] == "keyfob-demo")
        }
    }

    /// Signs in at a server with a changed configuration.
    private static func signIn(
        path: String = "", _ change: (inout AuthorizationServerConfiguration, _ origin: String) -> Void,
        then check: (RunningServer, CommandResult, KeyfobSession) async throws -> Void
    ) async throws {
        var configuration = AuthorizationServerConfiguration.signingInAtOnce
        configuration.issuerPath = path
        try await KeyfobSession.run { session in
            try await AuthorizationServer(configuration).run { server in
                server.reconfigure { change(&$0, "http://127.0.0.1:\(server.port)") }
                try session.configure(for: server)
                let session = session.withBrowser()
                let result = try await session.run(["keyfob", "login", session.service(of: server)])
                try await check(server, result, session)
            }
        }
    }

    /// Signs in at a server whose metadata are at one location only.
    private static func signIn(
        path: String, only place: String, then check: (CommandResult, [LoggedRequest]) throws -> Void
    ) async throws {
        var configuration = AuthorizationServerConfiguration.signingInAtOnce
        configuration.issuerPath = path
        try await KeyfobSession.run { session in
            try await AuthorizationServer(configuration).run { server in
                server.intercept { _, asked in
                    asked.contains("/.well-known/") && asked != place ? ScriptedResponse(status: 404) : nil
                }
                try session.configure(for: server)
                let session = session.withBrowser()
                let result = try await session.run(["keyfob", "login", session.service(of: server)])
                try check(result, server.requestLog)
            }
        }
    }
}
