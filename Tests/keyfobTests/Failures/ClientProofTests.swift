import AuthorizationServer
import Secrets
import TestSupport
import Testing

/// Servers read RFC 6749 section 2.3.1 in different ways. keyfob sends a refused secret once more in another form, and
/// remembers the form that works.
@Suite(.timeLimit(.withTurns)) struct `A client with a secret` {
    struct Server: Sendable, CustomTestStringConvertible {
        var testDescription: String
        /// Lines in the host's configuration.
        var more = ""
        /// The number of token requests of the first sign-in.
        var requests = 2
        /// By default with characters that form-encoding changes.
        var secret = "s3cr3t+/=%41"
        var change: @Sendable (inout AuthorizationServerConfiguration) -> Void
    }

    private static func mine(
        _ method: ClientAuthenticationMethod?, secret: String = "s3cr3t+/=%41"
    ) -> RegisteredClient {
        RegisteredClient(
            id: "mine", redirectURIs: ["http://127.0.0.1/callback"], secret: Secret(secret),
            authenticationMethod: method)
    }

    private static func methods(_ names: String...) -> JSONValue { .array(names.map { .string($0) }) }

    static let own: [Server] = [
        Server(testDescription: "a secret in spite of none, in Basic") {
            $0.registration.givesSecretToPublicClients = true
            $0.registration.wantedProof = .basic
        },
        Server(testDescription: "a secret in spite of none, in the body") {
            $0.registration.givesSecretToPublicClients = true
            $0.registration.wantedProof = .post
            $0.extraMetadata["token_endpoint_auth_methods_supported"] = methods("none", "client_secret_post")
        },
        Server(testDescription: "a secret in spite of none, in the body, and silent metadata", requests: 3) {
            $0.registration.givesSecretToPublicClients = true
            $0.registration.wantedProof = .post
            $0.extraMetadata["token_endpoint_auth_methods_supported"] = .null
        },
        Server(testDescription: "a secret, and no method") {
            $0.registration.givesSecretToPublicClients = true
            $0.registration.wantedProof = .basic
            $0.registration.extraMembers["token_endpoint_auth_method"] = .null
        },
        Server(testDescription: "Basic without client_id") {
            $0.registration.authenticationMethod = .basic
            $0.refusesClientIDBesideBasic = true
            $0.extraMetadata["token_endpoint_auth_methods_supported"] = methods("client_secret_basic")
        },
        Server(testDescription: "basic announced, and the body wanted") {
            $0.registration.authenticationMethod = .post
            $0.registration.extraMembers["token_endpoint_auth_method"] = "client_secret_basic"
        },
        Server(testDescription: "a method, but no secret", requests: 1) {
            $0.registration.extraMembers["token_endpoint_auth_method"] = "client_secret_basic"
            $0.registration.extraMembers["client_secret"] = .null
        },
    ]

    @Test(arguments: own)
    func `that the registration issued is used as the server wants it, with one registration`(
        _ row: Server
    ) async throws {
        try await FailureBench.run(.registered, row.change) { bench in
            try await bench.checkProof(row.requests) { try await bench.login($0) }
            #expect(bench.registrations == 1)
        }
    }

    static let persons: [Server] = [
        Server(testDescription: "only in the body, and silent metadata") {
            $0.clients.append(mine(.post))
            $0.extraMetadata["token_endpoint_auth_methods_supported"] = .null
        },
        Server(testDescription: "only Basic that is not decoded") {
            $0.clients.append(mine(.basic))
            $0.decodesBasic = false
            $0.extraMetadata["token_endpoint_auth_methods_supported"] = methods("client_secret_basic")
        },
        Server(testDescription: "Basic that is not decoded, or the body") {
            $0.clients.append(mine(nil))
            $0.decodesBasic = false
        },
        Server(testDescription: "only Basic, without client_id", secret: "s3cr3t") {
            $0.clients.append(mine(.basic, secret: "s3cr3t"))
            $0.refusesClientIDBesideBasic = true
            $0.extraMetadata["token_endpoint_auth_methods_supported"] = methods("client_secret_basic")
        },
        Server(testDescription: "only Basic, and the body announced") {
            $0.clients.append(mine(.basic))
            $0.extraMetadata["token_endpoint_auth_methods_supported"] = methods("client_secret_post")
        },
        Server(testDescription: "only in the body, and none announced") {
            $0.clients.append(mine(.post))
            $0.extraMetadata["token_endpoint_auth_methods_supported"] = methods("none")
        },
        Server(
            testDescription: "the body, as configured", more: "client_authentication = \"client_secret_post\"",
            requests: 1
        ) {
            $0.clients.append(mine(.post))
            $0.extraMetadata["token_endpoint_auth_methods_supported"] = methods("client_secret_basic")
        },
        Server(
            testDescription: "Basic without client_id, as configured",
            more: "client_authentication = \"client_secret_basic\"", requests: 1
        ) {
            $0.clients.append(mine(.basic))
            $0.refusesClientIDBesideBasic = true
        },
        Server(
            testDescription: "plain Basic, as configured", more: "client_authentication = \"plain_basic\"", requests: 1
        ) {
            $0.clients.append(mine(.basic))
            $0.decodesBasic = false
            $0.refusesClientIDBesideBasic = true
        },
    ]

    @Test(arguments: persons)
    func `that the user registered is used as the server wants it`(_ row: Server) async throws {
        let more = "client_id = \"mine\"\n" + row.more
        try await FailureBench.run(.registered, more: more, row.change) { bench in
            let client = ["--client-id", "mine", "--client-secret"]
            try await bench.checkProof(row.requests) { options in
                let isFirst = options.isEmpty
                return try await bench.session.run(
                    ["keyfob", "login"] + (isFirst ? client : options) + [bench.service], isFirst ? row.secret : "")
            }
            #expect(bench.registrations == 0)
        }
    }

    private static let login = ["keyfob", "login", "--client-id", "mine", "--client-secret"]

    @Test(arguments: [
        ScriptedResponse(status: 403), ScriptedResponse(status: 400), .error("bad_client_secret", status: 200),
        .error("invalid_client_secret"), .error("Client authentication failed", status: 422),
        .json(#"{"message":"Forbidden"}"#, status: 403), .error("forbidden", status: 403),
    ])
    func `is sent in another form, whatever words refuse the first one`(_ answer: ScriptedResponse) async throws {
        try await FailureBench.run(.registered, more: "client_id = \"mine\"\n", { $0.clients.append(Self.mine(.post)) })
        { bench in
            bench.fail("/token", once: [answer])
            let result = try await bench.session.run(Self.login + [bench.service], "s3cr3t+/=%41")
            #expect(result.status == 0, "\(result.complaint)")
            #expect(bench.requests(to: "/token") == 2)
        }
    }

    @Test func `is sent in no other form than the configured one`() async throws {
        let more = "client_id = \"mine\"\nclient_authentication = \"client_secret_basic\"\n"
        try await FailureBench.run(.registered, more: more, { $0.clients.append(Self.mine(.post)) }) { bench in
            let result = try await bench.session.run(Self.login + [bench.service], "s3cr3t+/=%41")
            #expect(result.status == 78, "\(result.complaint)")
            #expect(bench.requests(to: "/token") == 1)
        }
    }

    @Test func `that is wrong is sent in each form, and then refused with the setting for it`() async throws {
        let more = "client_id = \"mine\"\n"
        try await FailureBench.run(.registered, more: more, { $0.clients.append(Self.mine(nil)) }) { bench in
            let result = try await bench.session.run(
                ["keyfob", "login", "--client-id", "mine", "--client-secret", bench.service], "mistyped")
            #expect(result.status == 78)
            #expect(result.complaint.contains("the server does not accept the client mine"))
            #expect(!result.complaint.contains("mistyped"))
            #expect(result.complaint.contains("set client_authentication to "), "\(result.complaint)")
            #expect(result.complaint.contains("for [host.\"\(bench.service)\"] in the configuration"))
            #expect(bench.requests(to: "/token") == 3)
        }
    }

    /// The server wants a form that keyfob does not try: Basic as RFC 6749 encodes it, and nothing in the body.
    @Test func `of keyfob's own registration is refused with the setting, which works`() async throws {
        try await FailureBench.run(
            .registered,
            {
                $0.registration.authenticationMethod = .basic
                $0.refusesClientIDBesideBasic = true
                $0.extraMetadata["token_endpoint_auth_methods_supported"] = Self.methods("client_secret_basic")
            }
        ) { bench in
            bench.fail("/token", with: .error("invalid_client", status: 401))
            let refused = try await bench.login()
            #expect(refused.status == 78, "\(refused.complaint)")
            #expect(bench.requests(to: "/token") == 3)
            let setting = "set client_authentication to \"client_secret_basic\", "
            #expect(refused.complaint.contains(setting), "\(refused.complaint)")
            bench.server.intercept(nil)
            try bench.session.configure(
                "[host.\"\(bench.service)\"]\nissuer = \"\(bench.server.issuer)\"\n"
                    + "client_authentication = \"client_secret_basic\"\n")
            let followed = try await bench.login()
            #expect(bench.requests(to: "/token") == 4, "\(followed.complaint)")
            #expect(bench.registrations == 1)
            #expect(bench.server.requests(to: "/token").last?.fields["client_id"] == nil)
        }
    }
}

extension FailureBench {
    /// Signs in, refreshes and signs in again; the form that worked first is then sent at once.
    fileprivate func checkProof(_ count: Int, _ login: ([String]) async throws -> CommandResult) async throws {
        let first = try await login([])
        #expect(first.status == 0, "\(first.complaint)")
        #expect(requests(to: "/token") == count)
        try await erase(try #require(try await get().output.password))
        let refreshed = try await get()
        #expect(refreshed.status == 0 && refreshed.output.password != nil, "\(refreshed.complaint)")
        #expect(requests(to: "/token") == count + 1)
        let again = try await login(["--force"])
        #expect(again.status == 0, "\(again.complaint)")
        #expect(requests(to: "/token") == count + 2)
    }
}
