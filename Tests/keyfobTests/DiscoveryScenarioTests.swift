import AuthorizationServer
import TestSupport
import Testing

/// Scenarios from the Model Context Protocol's conformance suite for clients, with its identifiers, that start with a
/// URL and no configuration. RFC 9728, RFC 7591, RFC 8707.
@Suite(.timeLimit(.withTurns)) struct `A sign-in with only a URL` {
    /// Runs `body` with a resource at /mcp on the origin of its authorization server, which accepts all registrations.
    private static func withResource(
        _ change: (inout AuthorizationServerConfiguration, inout ProtectedResource, _ origin: String) -> Void = {
            _, _, _ in
        },
        _ body: (RunningServer, KeyfobSession, _ resource: String) async throws -> Void
    ) async throws {
        var configuration = AuthorizationServerConfiguration.signingInAtOnce
        configuration.registration.access = .open
        try await KeyfobSession.run { session in
            try await AuthorizationServer(configuration).run { server in
                let origin = "http://127.0.0.1:\(server.port)"
                server.reconfigure { configuration in
                    var resource = ProtectedResource()
                    change(&configuration, &resource, origin)
                    configuration.resources = [resource]
                }
                try await body(server, session.withBrowser(), origin + "/mcp")
            }
        }
    }

    private static func asked(_ server: RunningServer) -> [LoggedRequest] { server.requests(to: "/authorize") }

    @Test func `registers once, and names the resource in each request`() async throws {
        try await Self.withResource { server, session, resource async throws in
            for _ in 0..<2 {
                let result = try await session.run(["keyfob", "login", "--force", resource])
                #expect(result.status == 0, "\(result.complaint)")
            }
            #expect(server.requests(to: "/register").count == 1)
            #expect(Self.asked(server).allSatisfy { $0.resources == [resource] })
            #expect(server.requests(to: "/token").allSatisfy { $0.resources == [resource] })
            #expect(Set(Self.asked(server).map { $0.fields["redirect_uri"] }).count == 1)
        }
    }

    @Test func `scope-from-www-authenticate: the challenge's scopes are requested, whatever the metadata list`()
        async throws
    {
        try await Self.withResource { _, resource, origin in
            let place = origin + "/.well-known/oauth-protected-resource/mcp"
            resource.challenges = [#"Bearer resource_metadata="\#(place)", scope="read_repository""#]
            resource.extraMetadata["scopes_supported"] = .array([.string("write_repository")])
        } _: { server, session, resource async throws in
            #expect(try await session.run(["keyfob", "login", resource]).status == 0)
            #expect(Self.asked(server).map { $0.fields["scope"] } == ["read_repository"])
        }
    }

    @Test
    func `scope-from-scopes-supported: without scopes in the challenge, all scopes of the metadata are requested`()
        async throws
    {
        try await Self.withResource { _, resource, _ in
            resource.extraMetadata["scopes_supported"] = .array([
                .string("read_repository"), .string("write_repository"),
            ])
        } _: { server, session, resource async throws in
            #expect(try await session.run(["keyfob", "login", resource]).status == 0)
            #expect(Self.asked(server).map { $0.fields["scope"] } == ["read_repository write_repository"])
        }
    }

    @Test func `scope-omitted-when-undefined: without either, the parameter is omitted`() async throws {
        try await Self.withResource { _, resource, _ in
            resource.extraMetadata["scopes_supported"] = .null
        } _: { server, session, resource async throws in
            #expect(try await session.run(["keyfob", "login", resource]).status == 0)
            #expect(Self.asked(server).map { $0.names.contains("scope") } == [false])
        }
    }

    @Test func `scope-step-up: a further scope is requested in addition to the earlier ones`() async throws {
        try await Self.withResource { _, resource, _ in
            resource.extraMetadata["scopes_supported"] = .array([.string("read_repository")])
        } _: { server, session, resource async throws in
            #expect(try await session.run(["keyfob", "login", resource]).status == 0)
            let more = ["keyfob", "token", "--scope", "write_repository", "--interaction", "always", resource]
            #expect(try await session.run(more).status == 0)
            #expect(Self.asked(server).last?.fields["scope"] == "read_repository write_repository")
            // The token has the scope now, so the user is not asked again.
            #expect(try await session.run(more).status == 0)
            #expect(session.browserOpenings == 2)
        }
    }

    @Test func `scope-retry-limit: a scope that was not granted is not requested again`() async throws {
        try await Self.withResource { configuration, resource, _ in
            configuration.grantedScopes = ["read_repository"]
            resource.extraMetadata["scopes_supported"] = .array([.string("read_repository")])
        } _: { server, session, resource async throws in
            #expect(try await session.run(["keyfob", "login", resource]).status == 0)
            let more = ["keyfob", "token", "--scope", "write_repository", "--interaction", "always", resource]
            _ = try await session.run(more)
            let again = try await session.run(more)
            #expect(again.status == 77)
            #expect(again.stdout.isEmpty)
            #expect(again.complaint.contains("did not grant write_repository"))
            #expect(session.browserOpenings == 2)
        }
    }

    @Test(.counted(.hostileServers)) func `resource-mismatch: metadata of another resource are refused`() async throws {
        try await Self.withResource { _, resource, _ in
            resource.extraMetadata["resource"] = .string("https://evil.example/mcp")
        } _: { server, session, resource async throws in
            let result = try await session.run(["keyfob", "login", resource])
            #expect(result.status == 78)
            #expect(session.browserOpenings == 0)
            #expect(server.requests(to: "/register").isEmpty)
        }
    }

    @Test(arguments: [true, false])
    func `offline-access-scope, offline-access-not-supported: requested only if the server knows it`(
        _ isKnown: Bool
    ) async throws {
        try await Self.withResource { configuration, resource, _ in
            configuration.scopes = ["read_repository"] + (isKnown ? ["offline_access"] : [])
            resource.extraMetadata["scopes_supported"] = .array([.string("read_repository")])
        } _: { server, session, resource async throws in
            let result = try await session.run(["keyfob", "login", resource])
            #expect(result.status == 0, "\(result.complaint)")
            let scope = isKnown ? "read_repository offline_access" : "read_repository"
            #expect(Self.asked(server).map { $0.fields["scope"] } == [scope])
            let grants = server.requests(to: "/register").first?.json?["grant_types"]
            #expect(grants == .array([.string("authorization_code"), .string("refresh_token")]))
        }
    }

    @Test func `basic-cimd: a published document is the client, without registration`() async throws {
        let document = "https://packages.example.org/keyfob/client-metadata.json"
        try await Self.withResource { configuration, _, _ in
            configuration.clients.append(RegisteredClient(id: document, redirectURIs: ["http://127.0.0.1/callback"]))
            configuration.extraMetadata["client_id_metadata_document_supported"] = .boolean(true)
        } _: { server, session, resource async throws in
            try session.configure("client_metadata_document = \"\(document)\"\n")
            let result = try await session.run(["keyfob", "login", resource])
            #expect(result.status == 0, "\(result.complaint)")
            #expect(Self.asked(server).map { $0.fields["client_id"] } == [document])
            #expect(server.requests(to: "/register").isEmpty)
        }
    }

    @Test func `the user's own client replaces the registered one and stays`() async throws {
        try await Self.withResource { configuration, _, _ in
            configuration.clients.append(RegisteredClient(id: "mine", redirectURIs: ["http://127.0.0.1/callback"]))
        } _: { server, session, resource async throws in
            for command in [["login"], ["login", "--client-id", "mine"], ["login", "--force"]] {
                let result = try await session.run(["keyfob"] + command + [resource])
                #expect(result.status == 0, "\(result.complaint)")
                // The settings now show the client of the sign-in.
                #expect(try await session.run(["keyfob", "token", "--interaction", "never", resource]).status == 0)
            }
            #expect(Self.asked(server).dropFirst().map { $0.fields["client_id"] } == ["mine", "mine"])
            #expect(Self.asked(server).allSatisfy { $0.resources == [resource] })
            #expect(server.requests(to: "/register").count == 1)
        }
    }

    // RFC 8707 section 2: a token for one resource must not be used at another, even if one server issues both.
    @Test func `a token is for one resource, and keyfob never gives it to another`() async throws {
        try await Self.withResource { server, session, resource async throws in
            let other = resource.replacing("/mcp", with: "/notes")
            server.reconfigure { $0.resources.append(ProtectedResource(path: "/notes")) }
            #expect(try await session.run(["keyfob", "login", resource]).status == 0)
            let refused = try await session.run(["keyfob", "token", "--interaction", "never", other])
            #expect(refused.status != 0)
            #expect(refused.stdout.isEmpty)
            #expect(try await session.run(["keyfob", "login", other]).status == 0)
            for address in [resource, other] {
                let printed = try await session.run(["keyfob", "token", "--interaction", "never", address]).output
                #expect(server.introspect(printed.replacing("\n", with: ""))?.resources == [address])
            }
            #expect(server.requests(to: "/register").count == 1)
        }
    }

    @Test func `metadata are fetched for each sign-in, and at no other time`() async throws {
        try await Self.withResource { server, session, resource async throws in
            func lookups() -> Int { server.requestLog.filter { $0.path.contains("/.well-known/") }.count }
            #expect(try await session.run(["keyfob", "login", resource]).status == 0)
            let first = lookups()
            #expect(first > 0)
            #expect(try await session.run(["keyfob", "erase"], "url=\(resource)\n").status == 0)
            #expect(try await session.run(["keyfob", "token", resource]).status == 0)
            #expect(server.requests(to: "/token").count == 2)
            #expect(lookups() == first)
            #expect(try await session.run(["keyfob", "login", "--force", resource]).status == 0)
            #expect(lookups() > first)
        }
    }

    @Test(.counted(.hostileServers))
    func `authorization-server-migration: another server gets nothing that belongs to the first`() async throws {
        var other = AuthorizationServerConfiguration.signingInAtOnce
        other.registration.access = .open
        try await AuthorizationServer(other).run { second in
            try await Self.withResource { server, session, resource async throws in
                #expect(try await session.run(["keyfob", "login", resource]).status == 0)
                server.reconfigure {
                    $0.resources[0].extraMetadata["authorization_servers"] = .array([.string(second.issuer)])
                }
                // The first server is pinned: without the user's consent, keyfob does not follow.
                let forced = try await session.run(["keyfob", "login", "--force", resource])
                #expect(forced.status == 77)
                #expect(forced.complaint.contains("now names"))
                #expect(second.requestLog.isEmpty)
                // After a logout, the second server is used with its own registration and tokens.
                #expect(try await session.run(["keyfob", "logout", resource]).status == 0)
                #expect(try await session.run(["keyfob", "login", resource]).status == 0)
                #expect(second.requests(to: "/register").count == 1)
                #expect(server.requests(to: "/register").count == 1)
            }
        }
    }
}
