import AuthorizationServer
import FoundationEssentials
import TestSupport
import Testing

/// A service that the user approved names its own issuer, whose metadata name endpoints of another, honest server.
/// Codes, tokens or registrations of the honest server could reach the other one (RFC 9700 section 4.4).
@Suite(.timeLimit(.withTurns)) struct `A server whose endpoints are another server's` {
    /// Runs `body` with an honest server and one that names its endpoints. Both register every client.
    private static func withServers(
        _ mixing: [String: String] = [:], device: [String: String] = [:],
        _ body: (_ mixed: RunningServer, _ honest: RunningServer, KeyfobSession) async throws -> Void
    ) async throws {
        var configuration = AuthorizationServerConfiguration.signingInAtOnce
        configuration.registration.access = .open
        configuration.pushedRequests = mixing["pushed_authorization_request_endpoint"] == nil ? .off : .optional
        configuration.device.isOffered = true
        configuration.resources = [ProtectedResource()]
        let fixed = configuration
        try await KeyfobSession.run { session in
            try await AuthorizationServer(fixed).run { honest in
                try await AuthorizationServer(fixed).run { mixed in
                    mixed.reconfigure { configuration in
                        for (member, path) in mixing {
                            configuration.extraMetadata[member] = .string(honest.origin + path)
                        }
                        for (member, path) in device {
                            configuration.device.extraMembers[member] = .string(honest.origin + path)
                        }
                    }
                    try await body(mixed, honest, session.withBrowser())
                }
            }
        }
    }

    private static func approved(_ session: KeyfobSession) -> String {
        (try? String(contentsOfFile: session.session.home + "/.local/state/keyfob/approved.toml", encoding: .utf8))
            ?? ""
    }

    static let endpoints = [
        "authorization_endpoint": "/authorize", "token_endpoint": "/token",
        "device_authorization_endpoint": "/device_authorization", "pushed_authorization_request_endpoint": "/par",
        "registration_endpoint": "/register", "revocation_endpoint": "/revoke",
    ]

    @Test(.counted(.hostileServers), arguments: endpoints.keys.sorted())
    func `is refused, and neither server gets anything`(member: String) async throws {
        try await Self.withServers([member: Self.endpoints[member] ?? ""]) { mixed, honest, session async throws in
            let result = try await session.run(["keyfob", "login", mixed.origin + "/mcp"])
            #expect(result.status == 77, "\(result.complaint)")
            #expect(result.stdout.isEmpty)
            let host = honest.origin.replacing("http://", with: "")
            let isPage = member == "authorization_endpoint"
            #expect(
                result.complaint.contains(
                    isPage
                        ? "wants you to sign in at \(host), which receives what you enter there\n"
                        : "wants codes and tokens to be sent to \(host)\n"))
            #expect(result.complaint.contains("keyfob login --force \(mixed.origin)/mcp"))
            #expect(session.browserOpenings == 0)
            for server in [mixed, honest] {
                for path in ["/token", "/register", "/device_authorization", "/par", "/authorize"] {
                    #expect(server.requests(to: path).isEmpty)
                }
            }
            #expect(Self.approved(session).isEmpty)
        }
    }

    @Test(arguments: ["y", "n", ""])
    func `is accepted after a yes that names both hosts, and the user is not asked again`(said: String) async throws {
        try await Self.withServers(["token_endpoint": "/token", "revocation_endpoint": "/revoke"]) {
            mixed, honest, session async throws in
            let (terminal, service) = (try PseudoTerminal(), mixed.origin + "/mcp")
            let host = honest.origin.replacing("http://", with: "")
            let end = try await session.run(["keyfob", "login", service], on: terminal) {
                _ = try await terminal.read(until: mixed.origin)
                let question = try await terminal.read(until: "; is that right? [y/N] ")
                #expect(question.contains(host))
                try terminal.type(said + "\n")
                if said == "y" { _ = try await terminal.read(until: "; the code goes to 127.0.0.1") }
            }
            // The honest server does not know the code, so the sign-in fails there, but the user chose it.
            #expect(end != .status(0))
            #expect(honest.requests(to: "/token").isEmpty == (said != "y"))
            #expect((session.browserOpenings > 0) == (said == "y"))
        }
    }

    @Test(arguments: ["verification_uri", "verification_uri_complete"])
    func `does not send the user to the honest server's device page`(member: String) async throws {
        try await Self.withServers(device: [member: "/go"]) { mixed, honest, session async throws in
            let result = try await session.run(["keyfob", "login", "--flow", "device", mixed.origin + "/mcp"])
            if member == "verification_uri" {
                #expect(result.status == 77, "\(result.complaint)")
                #expect(mixed.requests(to: "/token").isEmpty)
            } else {
                // The address with the code in it is optional.
                #expect(result.status == 0, "\(result.complaint)")
            }
            #expect(!result.complaint.contains("go to: \(honest.origin)"))
            #expect(!result.complaint.contains("compare the code: \(honest.origin)"))
        }
    }

    @Test func `causes no question if the endpoints are its own`() async throws {
        try await Self.withServers { mixed, _, session async throws in
            for flow in ["loopback", "device"] {
                let result = try await session.run([
                    "keyfob", "login", "--force", "--flow", flow, mixed.origin + "/mcp",
                ])
                #expect(result.status == 0, "\(result.complaint)")
                #expect(!result.complaint.contains("the code goes to"))
            }
        }
    }

    @Test func `may name them if the user configured that`() async throws {
        try await Self.withServers(["revocation_endpoint": "/revoke"]) { mixed, honest, session async throws in
            try session.configure("[host.\"\(mixed.origin)\"]\nissuer = \"\(mixed.origin)\"\n")
            let result = try await session.run(["keyfob", "login", mixed.origin + "/mcp"])
            #expect(result.status == 0, "\(result.complaint)")
            #expect(honest.requests(to: "/revoke").isEmpty)
        }
    }

    @Test func `is reported by doctor before a sign-in`() async throws {
        try await Self.withServers(["revocation_endpoint": "/revoke"]) { mixed, honest, session async throws in
            let report = try await session.run(["keyfob", "doctor", mixed.origin + "/mcp"])
            #expect(report.output.contains("on other hosts, to which you have not agreed: 127.0.0.1:"))
        }
    }

    // A yes adds to what is already written, as by `keyfob export --config`.
    @Test func `can be approved in addition to configured hosts`() async throws {
        try await Self.withServers(["revocation_endpoint": "/revoke"]) { mixed, honest, session async throws in
            let service = mixed.origin + "/mcp"
            try session.configure(
                "[host.\"\(mixed.origin)\"]\nissuer = \"\(mixed.origin)\"\nreach = \"service\"\n"
                    + "endpoint_hosts = [\"127.0.0.1:1\"]\n")
            let terminal = try PseudoTerminal()
            let end = try await session.run(["keyfob", "login", "--force", service], on: terminal) {
                _ = try await terminal.read(until: "is that right? [y/N] ")
                try terminal.type("y\n")
                _ = try await terminal.read(until: "signed in to")
            }
            #expect(end == .status(0))
            let again = try await session.run(["keyfob", "login", "--force", service])
            #expect(again.status == 0, "\(again.complaint)")
        }
    }

    @Test func `may use the approved hosts and no others`() async throws {
        try await Self.withServers(["revocation_endpoint": "/revoke"]) { mixed, honest, session async throws in
            let host = honest.origin.replacing("http://", with: "")
            func entry(_ hosts: String) -> String {
                "[host.\"\(mixed.origin)\"]\nissuer = \"\(mixed.origin)\"\nreach = \"service\"\nendpoint_hosts "
                    + "= [\"\(hosts)\"]\n"
            }
            try session.configure(entry("127.0.0.1:1"))
            #expect(try await session.run(["keyfob", "login", mixed.origin + "/mcp"]).status == 77)
            try session.configure(entry(host))
            #expect(try await session.run(["keyfob", "login", mixed.origin + "/mcp"]).status == 0)
        }
    }
}
