import AuthorizationServer
import FoundationEssentials
import Secrets
import TestSupport
import Testing

/// Several services name one authorization server. A client or grant of one service must not be used for the others.
private func withResources(
    _ change: (inout AuthorizationServerConfiguration, _ origin: String) -> Void = { _, _ in },
    _ body: (RunningServer, KeyfobSession) async throws -> Void
) async throws {
    var configuration = AuthorizationServerConfiguration.signingInAtOnce
    configuration.registration.access = .open
    let fixed = configuration
    try await KeyfobSession.run { session in
        try await AuthorizationServer(fixed).run { server in
            let origin = server.origin
            server.reconfigure { configuration in
                configuration.resources = [ProtectedResource(path: "/a/mcp"), ProtectedResource(path: "/b/mcp")]
                change(&configuration, origin)
            }
            try await body(server, session.withBrowser())
        }
    }
}

private func clients(_ server: RunningServer) -> [String?] {
    server.requests(to: "/authorize").map { $0.fields["client_id"] }
}

@Suite(.timeLimit(.withTurns)) struct `A client that the user registered` {
    @Test(.counted(.hostileServers)) func `is not used for another service that names the same server`() async throws {
        try await withResources { configuration, _ in
            configuration.clients.append(
                RegisteredClient(
                    id: "mine", redirectURIs: ["http://127.0.0.1/callback"], secret: Secret("s3cr3t")))
        } _: { server, session async throws in
            let own = ["keyfob", "login", "--client-id", "mine", "--client-secret", server.origin + "/a/mcp"]
            let first = try await session.run(own, "s3cr3t\n")
            #expect(first.status == 0, "\(first.complaint)")
            let second = try await session.run(["keyfob", "login", server.origin + "/b/mcp"])
            #expect(second.status == 0, "\(second.complaint)")
            #expect(clients(server).first == "mine")
            #expect(clients(server).count == 2 && clients(server).last != "mine")
            #expect(server.requests(to: "/register").count == 1)
            // It is still used for its own service, even after keyfob has registered itself.
            let again = try await session.run(["keyfob", "login", "--force", server.origin + "/a/mcp"])
            #expect(again.status == 0, "\(again.complaint)")
            #expect(clients(server).last == "mine")
        }
    }
}

@Suite(.timeLimit(.withTurns)) struct `The secret of the user's client` {
    private static func addClient(_ configuration: inout AuthorizationServerConfiguration) {
        configuration.clients.append(
            RegisteredClient(id: "mine", redirectURIs: ["http://127.0.0.1/callback"], secret: Secret("s3cr3t")))
    }

    @Test func `is stored after it has worked, and replaced only by one that works`() async throws {
        try await withResources { configuration, _ in
            Self.addClient(&configuration)
        } _: { server, session async throws in
            let service = server.origin + "/a/mcp"
            let own = ["keyfob", "login", "--force", "--client-id", "mine", "--client-secret", service]
            #expect(try await session.run(own, "s3cr3t\n").status == 0)
            #expect(try await session.run(own, "mistyped\n").status != 0)
            let again = try await session.run(["keyfob", "login", "--force", service])
            #expect(again.status == 0, "\(again.complaint)")
        }
    }

    @Test func `is read from the terminal without showing it`() async throws {
        try await withResources { configuration, _ in
            Self.addClient(&configuration)
        } _: { server, session async throws in
            let own = ["keyfob", "login", "--client-id", "mine", "--client-secret", server.origin + "/a/mcp"]
            let terminal = try PseudoTerminal()
            let end = try await session.run(own, on: terminal) {
                _ = try await terminal.read(until: "client secret (not shown): ")
                try terminal.type("s3cr3t\n")
                let seen = try await terminal.read(until: "signed in to")
                #expect(!seen.contains("s3cr3t"))
            }
            #expect(end == .status(0))
            #expect(terminal.showsTyping)
        }
    }

    @Test func `is found again after a logout by following the hint, and is deleted by a logout of everything`()
        async throws
    {
        try await withResources { configuration, _ in
            Self.addClient(&configuration)
            configuration.registration.access = .closed
        } _: { server, session async throws in
            let service = server.origin + "/a/mcp"
            let own = ["keyfob", "login", "--client-id", "mine", "--client-secret", service]
            #expect(try await session.run(own, "s3cr3t\n").status == 0)
            #expect(try await session.run(["keyfob", "logout", service]).status == 0)
            let refused = try await session.run(["keyfob", "login", service])
            #expect(refused.status == 78)
            #expect(refused.complaint.contains("keyfob login --client-id mine \(service)"))
            let hinted = try await session.run(["keyfob", "login", "--client-id", "mine", service])
            #expect(hinted.status == 0, "\(hinted.complaint)")
            let left = try await session.run(["keyfob", "logout", "--all"])
            #expect(left.status == 0)
            #expect(left.complaint.contains("forgot the client mine at \(server.origin), and its secret"))
            #expect(try await session.run(["keyfob", "logout", "--all"]).status == 1)
        }
    }
}

@Suite(.timeLimit(.withTurns)) struct `A logout` {
    @Test func `applies to the account that serves the URL, not to accounts of a shorter URL`() async throws {
        try await withResources { configuration, origin in
            configuration.resources.append(ProtectedResource(path: ""))
        } _: { server, session async throws in
            let (whole, part) = (server.origin, server.origin + "/a/mcp")
            for service in [part, whole] {
                let result = try await session.run(["keyfob", "login", service])
                #expect(result.status == 0, "\(result.complaint)")
            }
            #expect(try await session.run(["keyfob", "logout", part]).status == 0)
            let status = try await session.run(["keyfob", "status"])
            #expect(status.output.contains(whole) && !status.output.contains(part))
        }
    }
}

@Suite(.timeLimit(.withTurns)) struct `Metadata` {
    private static func approved(_ session: KeyfobSession) throws -> String {
        try String(contentsOfFile: session.session.home + "/.local/state/keyfob/approved.toml", encoding: .utf8)
    }

    @Test(.counted(.hostileServers), arguments: ["", "/", "/a"])
    func `of one path apply to that path only`(claims: String) async throws {
        try await withResources { configuration, origin in
            configuration.resources[0].extraMetadata["resource"] = .string(origin + claims)
        } _: { server, session async throws in
            let result = try await session.run(["keyfob", "login", server.origin + "/a/mcp"])
            #expect(result.status == 0, "\(result.complaint)")
            let text = try Self.approved(session)
            #expect(
                text.contains("[host.'\(server.origin)/a/mcp']") || text.contains("[host.\"\(server.origin)/a/mcp\"]"))
            #expect(text.split(separator: "\n").count { $0.hasPrefix("[host.") } == 1)
            // The message says how to sign in to more.
            #expect(result.complaint.contains("to sign in to all of that, run: keyfob login \(server.origin)"))
            for path in ["/a", "/b/mcp", ""] {
                let other = ["keyfob", "token", "--interaction", "never", server.origin + path]
                let answer = try await session.run(other)
                #expect(answer.status != 0 && answer.stdout.isEmpty)
            }
        }
    }

    @Test func `of a whole origin at its own location apply to all of it`() async throws {
        try await withResources { configuration, origin in
            configuration.resources = [ProtectedResource(path: "/a/mcp")]
            configuration.resources[0].metadataPlaces = ["/.well-known/oauth-protected-resource"]
            configuration.resources[0].extraMetadata["resource"] = .string(origin)
        } _: { server, session async throws in
            let result = try await session.run(["keyfob", "login", server.origin + "/a/mcp"])
            #expect(result.status == 0, "\(result.complaint)")
            let other = ["keyfob", "token", "--interaction", "never", server.origin + "/b"]
            #expect(try await session.run(other).status == 0)
        }
    }
}
