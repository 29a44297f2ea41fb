import Addresses
import OAuth
import SecretService
import Secrets
import Synchronization
import TestSupport
import Testing

@testable import KeyfobCore

/// The client that keyfob uses at an authorization server: registered (RFC 7591), a client id metadata document, or one
/// of the user's own.
@Suite(.timeLimit(.minutes(1))) struct `The client of a sign-in` {
    private static let issuer = "https://login.example.com"
    private static let endpoint = issuer + "/register"
    private static let document = "https://packages.example.org/keyfob.json"

    private let items = InMemoryItemStore()
    private var registrations: RegistrationStore { RegistrationStore(items: items) }
    private var clients: ClientSource { ClientSource(registrations: registrations, now: { 1_800_000_000 }) }

    private static func account(_ change: (inout Account) throws -> Void = { _ in }) throws -> Account {
        try .example { account in
            account.server = .issuer(issuer)
            account.client = nil
            try change(&account)
        }
    }

    private static func metadata(
        registers: Bool = true, documents: Bool = false, scopes: [String]? = nil, proofs: [String]? = nil
    ) throws -> AuthorizationServerMetadata {
        AuthorizationServerMetadata(
            issuer: issuer, authorizationEndpoint: try EndpointURL(issuer + "/a"),
            tokenEndpoint: try EndpointURL(issuer + "/t"),
            registrationEndpoint: registers ? try EndpointURL(endpoint) : nil, scopesSupported: scopes,
            clientIDMetadataDocumentSupported: documents, tokenEndpointAuthMethodsSupported: proofs)
    }

    /// A server that registers every client, as c-1, c-2, ...
    private static func server(_ count: Int = 1) -> ScriptedTransport {
        ScriptedTransport([
            endpoint: (1...count).map { .json("{\"client_id\":\"c-\($0)\"}", status: 201) }
        ])
    }

    private func identity(
        _ account: Account, _ metadata: AuthorizationServerMetadata, _ transport: ScriptedTransport,
        isForDevice: Bool = false
    ) async throws -> ClientSource.Identity {
        try await clients.identity(for: account, at: metadata, isForDevice: isForDevice, transport: transport)
    }

    // MARK: The order of the sources

    @Test func `is first the one that the user has registered`() async throws {
        let server = Self.server()
        let named = try Self.account {
            $0.client = Client(id: "mine")
            $0.clientMetadataDocument = Self.document
        }
        let identity = try await identity(named, try Self.metadata(documents: true), server)
        #expect(identity.client == Client(id: "mine"))
        #expect(!identity.isRegisteredByUs)
        #expect(server.requests.isEmpty)
    }

    @Test func `has the secret that the user has put into the keyring`() async throws {
        let secret = Client(id: "mine", secret: Secret("s"), authentication: .basic)
        try registrations.save(
            ClientRegistration(issuer: Self.issuer, client: secret, redirectURIs: [], isByPerson: true))
        let named = try Self.account { $0.client = Client(id: "mine") }
        #expect(try await identity(named, try Self.metadata(), Self.server()).client == secret)
        // The secret belongs to one client only.
        let other = try Self.account { $0.client = Client(id: "other") }
        #expect(try await identity(other, try Self.metadata(), Self.server()).client == Client(id: "other"))
    }

    // A service names its own issuer. Otherwise it could get the client of another service.
    @Test func `is never a client that the user named for another service`() async throws {
        let secret = Client(id: "mine", secret: Secret("s"), authentication: .basic)
        try registrations.save(
            ClientRegistration(issuer: Self.issuer, client: secret, redirectURIs: [], isByPerson: true))
        let unnamed = try Self.account { $0.clientMetadataDocument = Self.document }
        let described = try await identity(unnamed, try Self.metadata(documents: true), Self.server())
        #expect(described.client == Client(id: Self.document))
        let registered = try await identity(try Self.account(), try Self.metadata(), Self.server())
        #expect(registered.client == Client(id: "c-1"))
        // The client is still stored for its own service.
        let named = try Self.account { $0.client = Client(id: "mine") }
        #expect(try await identity(named, try Self.metadata(), Self.server()).client == secret)
    }

    @Test func `has a redirect path that is special to its issuer`() async throws {
        func path(_ issuer: String) async throws -> String {
            var metadata = try Self.metadata()
            metadata.issuer = issuer
            return try await identity(try Self.account(), metadata, Self.server()).redirect.path
        }
        let paths = [try await path("https://a.example"), try await path("https://b.example")]
        #expect(paths.allSatisfy { $0.hasSuffix("/callback") && $0.utf8.count > 20 })
        #expect(paths[0] != paths[1])
        let fixed = try Self.account { $0.redirect = try RedirectTemplate("http://127.0.0.1:4711/mine") }
        try registrations.all().forEach { try registrations.remove($0) }
        #expect(try await identity(fixed, try Self.metadata(), Self.server()).redirect.path == "/mine")
    }

    // RFC 9700 section 4.4.2: keyfob recognises a server that the service has named by `iss`, or by the redirect URI.
    @Test(arguments: [true, false])
    func `keeps its issuer's own redirect URI, except if the server's answers name the issuer`(
        announcesIssuer: Bool
    ) async throws {
        let account = try Self.account {
            $0.reach = .service
            $0.clientMetadataDocument = Self.document
        }
        var metadata = try Self.metadata(documents: true)
        metadata.authorizationResponseIssParameterSupported = announcesIssuer
        #expect(try await identity(account, metadata, Self.server()).isRegisteredByUs != announcesIssuer)

        // An older registration with the redirect URI that all issuers share.
        let plain = ClientRegistration(
            issuer: Self.issuer, client: Client(id: "old"), redirectURIs: ["http://127.0.0.1:4711/callback"])
        try registrations.all().forEach { try registrations.remove($0) }
        try registrations.save(plain)
        metadata.clientIDMetadataDocumentSupported = false
        #expect(try await identity(account, metadata, Self.server()).client.id == (announcesIssuer ? "old" : "c-1"))

        // A server that refuses our redirect URI is not offered the shared one instead.
        let refuses = ScriptedTransport([
            Self.endpoint: [.json("{\"error\":\"invalid_redirect_uri\"}", status: 400)]
        ])
        try registrations.all().forEach { try registrations.remove($0) }
        await #expect(throws: CredentialFailure.self) { _ = try await identity(account, metadata, refuses) }
        let bodies = refuses.requests.compactMap { $0.json?.exposedText }
        #expect(bodies.count == (announcesIssuer ? 4 : 2))
    }

    // RFC 8414 section 2: `token_endpoint_auth_methods_supported`, and its default.
    @Test(
        arguments: [
            (nil, .basic), (["client_secret_post"], .post), (["client_secret_post", "client_secret_basic"], .basic),
            (["private_key_jwt"], .basic), ([], .basic),
        ] as [([String]?, ClientAuthentication)])
    func `authenticates in a way that the server supports`(
        _ proofs: [String]?, _ expected: ClientAuthentication
    ) async throws {
        let metadata = try Self.metadata(proofs: proofs)
        let secret = Client(id: "mine", secret: Secret("s"), authentication: .basic)
        let named = try Self.account { $0.client = secret }
        #expect(try await identity(named, metadata, Self.server()).client.authentication == expected)
        try registrations.save(
            ClientRegistration(issuer: Self.issuer, client: secret, redirectURIs: [], isByPerson: true))
        // keyfob has stored the form in which the server accepted the secret.
        let account = try Self.account { $0.client = Client(id: "mine") }
        #expect(try await identity(account, metadata, Self.server()).client.authentication == .basic)
        let configured = try Self.account {
            $0.client = Client(id: "mine")
            $0.clientAuthentication = .plainBasic
        }
        #expect(try await identity(configured, metadata, Self.server()).client.authentication == .plainBasic)
        // A client without a secret sends no proof.
        let open = try Self.account { $0.client = Client(id: "open") }
        #expect(try await identity(open, metadata, Self.server()).client.authentication == .none)
    }

    @Test func `is the document next, if the server accepts documents`() async throws {
        let server = Self.server()
        let account = try Self.account { $0.clientMetadataDocument = Self.document }
        let identity = try await identity(account, try Self.metadata(documents: true), server)
        #expect(identity.client == Client(id: Self.document))
        #expect(identity.redirect == ClientMetadataDocument.redirect)
        #expect(server.requests.isEmpty)
        let registered = try await self.identity(account, try Self.metadata(), server)
        #expect(registered.client == Client(id: "c-1"))
    }

    @Test func `is then a client that keyfob registers once and stores with its port`() async throws {
        let server = Self.server(2)
        let first = try await identity(try Self.account(), try Self.metadata(), server)
        #expect(first.client == Client(id: "c-1"))
        #expect(first.isRegisteredByUs)
        #expect(first.redirect.ports.count == 1)
        let second = try await identity(try Self.account { $0.name = "bob" }, try Self.metadata(), server)
        #expect(second.client == first.client)
        #expect(second.redirect == first.redirect)
        #expect(second.isRegisteredByUs)
        #expect(server.requests.count == 1)
    }

    @Test func `is last a client that the user has to register, with instructions`() async throws {
        let closed = ScriptedTransport([Self.endpoint: [.status(403)]])
        let account = try Self.account { $0.redirect = try RedirectTemplate("http://localhost:4711/back") }
        let needed = CredentialFailure.clientNeeded(
            .init(
                service: account.service, issuer: Self.issuer, page: nil, redirectURI: "http://localhost:4711/back",
                scopes: ["read"]))
        for metadata in [try Self.metadata(registers: false), try Self.metadata()] {
            await #expect(throws: needed) { _ = try await identity(account, metadata, closed) }
        }
        #expect(try registrations.all().isEmpty)
    }

    // MARK: Registrations of our own

    @Test func `is registered again only if its secret has expired`() async throws {
        let server = Self.server()
        for (end, expected) in [(1_800_000_001, "old"), (1_799_999_999, "c-1")] as [(Int64, String)] {
            let client = Client(id: "old", secret: Secret("s"), authentication: .post)
            try registrations.save(
                ClientRegistration(
                    issuer: Self.issuer, client: client, redirectURIs: ["http://127.0.0.1:4711/callback"],
                    secretExpiresAt: end))
            let identity = try await identity(try Self.account(), try Self.metadata(), server)
            #expect(identity.client.id == expected)
        }
        // The older registration is deleted after a sign-in, if no grant needs it.
        #expect(try registrations.all().map(\.client.id) == ["c-1", "old"])
        try await clients.retire(
            allBut: Client(id: "c-1"), issuer: Self.issuer, needed: { [] }, transport: ScriptedTransport([:]))
        #expect(try registrations.all().map(\.client.id) == ["c-1"])
    }

    @Test func `is registered once if the server makes one that keyfob cannot use, until the user asks again`()
        async throws
    {
        let server = ScriptedTransport([
            Self.endpoint: [
                .json(#"{"client_id":"c-1","token_endpoint_auth_method":"client_secret_jwt"}"#, status: 201),
                .json(#"{"client_id":"c-2"}"#, status: 201),
            ]
        ])
        let account = try Self.account()
        var needed = CredentialFailure.ClientNeeded(
            service: account.service, issuer: Self.issuer, page: nil, redirectURI: "http://127.0.0.1/callback",
            scopes: ["read"])
        let member = "token_endpoint_auth_method"
        for by in [OAuthError.unsupportedClientAuthentication(method: "client_secret_jwt"), nil, nil] {
            needed.reason = .unusable(member: member, by: by)
            await #expect(throws: CredentialFailure.clientNeeded(needed)) {
                _ = try await identity(account, try Self.metadata(), server)
            }
        }
        #expect(server.requests.count == 1)
        #expect(try registrations.own(issuer: Self.issuer).isEmpty)
        let anew = try await clients.identity(
            for: account, at: try Self.metadata(), isForDevice: false, anew: true, transport: server)
        #expect(anew.client.id == "c-2")
        #expect(try registrations.all().map(\.client.id) == ["c-2"])
        #expect(try await identity(account, try Self.metadata(), server).client.id == "c-2")
    }

    @Test func `is never that of another issuer`() async throws {
        try registrations.save(
            ClientRegistration(
                issuer: Self.issuer + "/", client: Client(id: "theirs"),
                redirectURIs: ["http://127.0.0.1:4711/callback"]))
        let identity = try await identity(try Self.account(), try Self.metadata(), Self.server())
        #expect(identity.client.id == "c-1")
    }

    @Test func `registers the scopes that a later step-up may need`() async throws {
        func scope(_ change: (inout Account) throws -> Void) async throws -> String? {
            let server = Self.server()
            try registrations.all().forEach { try registrations.remove($0) }
            _ = try await identity(try Self.account(change), try Self.metadata(scopes: ["read", "write"]), server)
            let body = try #require(server.requests.first?.json?.exposedText)
            return body.components(after: "\"scope\":\"")
        }
        #expect(try await scope { $0.addsOfflineAccess = true } == "read write")
        #expect(try await scope { _ in } == "read")
        #expect(
            try await scope {
                $0.addsOfflineAccess = true
                $0.scopes = []
            } == nil)
    }

    @Test(arguments: [true, false]) func `has the grant types of its flow`(_ isForDevice: Bool) async throws {
        let server = Self.server()
        _ = try await identity(try Self.account(), try Self.metadata(), server, isForDevice: isForDevice)
        let body = try #require(server.requests.first?.json?.exposedText)
        #expect(body.contains("urn:ietf:params:oauth:grant-type:device_code") == isForDevice)
        #expect(body.contains("\"authorization_code\"") == !isForDevice)
        #expect(body.contains("\"refresh_token\""))
    }

    // If keyfob took a locked keyring for an empty one, it would register a client at each sign-in.
    @Test func `is not registered if the keyring cannot say whether there is one`() async throws {
        let server = Self.server()
        try registrations.save(ClientRegistration(issuer: Self.issuer, client: Client(id: "x"), redirectURIs: []))
        items.lock()
        await #expect(throws: SecretServiceError.locked) {
            _ = try await identity(try Self.account(), try Self.metadata(), server)
        }
        #expect(server.requests.isEmpty)
    }

    @Test func `is not stored if the server did not answer`() async throws {
        let account = try Self.account()
        for (answer, error) in [
            (.status(503), .unavailable(host: "login.example.com", status: 503, retryAfter: nil)),
            (.status(429), .unavailable(host: "login.example.com", status: 429, retryAfter: nil)),
            (.failure(.answerLost(host: "login.example.com")), .answerLost(host: "login.example.com")),
        ] as [(ScriptedTransport.Answer, OAuthError)] {
            var needed = CredentialFailure.ClientNeeded(
                service: account.service, issuer: Self.issuer, page: nil, redirectURI: "http://127.0.0.1/callback",
                scopes: ["read"])
            needed.reason = .failing(by: error)
            let failure = CredentialFailure.clientNeeded(needed)
            #expect(failure.isTransient)
            await #expect(throws: failure) {
                _ = try await identity(account, try Self.metadata(), ScriptedTransport([Self.endpoint: [answer]]))
            }
        }
        let offline = OAuthError.unreachable(host: "login.example.com", reason: "down")
        await #expect(throws: offline) {
            _ = try await identity(
                account, try Self.metadata(), ScriptedTransport([Self.endpoint: [.failure(offline)]]))
        }
        #expect(try registrations.all().isEmpty)
    }

    /// Otherwise each sign-in would leave one more client at the server.
    @Test(arguments: [true, false])
    func `is deleted at the server if the keyring does not store it, if the server can`(_ isManaged: Bool) async throws
    {
        let place = Self.endpoint + "/c-1"
        let management = #","registration_access_token":"t","registration_client_uri":"\#(place)""#
        let server = ScriptedTransport([
            Self.endpoint: [.json("{\"client_id\":\"c-1\"\(isManaged ? management : "")}", status: 201)],
            place: [.status(204)],
        ])
        items.refuseWrites(.failed("full"))
        let account = try Self.account()
        let failure = CredentialFailure.registrationNotSaved(
            service: account.service, issuer: Self.issuer, id: "c-1", isDeleted: isManaged, by: .failed("full"))
        await #expect(throws: failure) { _ = try await identity(account, try Self.metadata(), server) }
        #expect(server.addresses == (isManaged ? [Self.endpoint, place] : [Self.endpoint]))
        #expect(items.items.isEmpty)
    }

    // MARK: The form of a secret

    /// Some servers use up the code before they look at the client's secret.
    @Test func `begins with another form of its secret after each sign-in in vain, once with each`() async throws {
        let memory = Mutex<[String: [ClientAuthentication]]>([:])
        let forms = TriedForms(
            recall: { client in memory.withLock { $0[client] ?? [] } },
            remember: { client, forms in memory.withLock { $0[client] = forms } })
        let clients = ClientSource(registrations: registrations, triedForms: forms, now: { 1_800_000_000 })
        func begin(
            _ id: String = "mine", _ change: (inout Account) -> Void = { _ in }, fails: Bool = true
        ) async throws -> ClientAuthentication {
            let account = try Self.account {
                $0.client = Client(id: id, secret: Secret("s"), authentication: .basic)
                change(&$0)
            }
            let client = try await clients.identity(
                for: account, at: try Self.metadata(), isForDevice: false, transport: Self.server()
            ).client
            if fails { clients.noteTried(client, issuer: Self.issuer) }
            return client.authentication
        }
        var begun: [ClientAuthentication] = []
        for _ in 1...5 { begun.append(try await begin()) }
        #expect(begun == [.basic, .post, .plainBasic, .basic, .basic])
        // Each client has its own turn, and a form that the user has chosen stays.
        #expect(try await begin("other", fails: false) == .basic)
        #expect(try await begin("third") { $0.clientAuthentication = .post } == .post)
        #expect(try await begin("third") { $0.clientAuthentication = .post } == .post)
        // A sign-in that works ends it, if the client is stored with its form.
        try clients.remember(Client(id: "mine", secret: Secret("s"), authentication: .post), issuer: Self.issuer)
        #expect(memory.withLock { !$0.values.allSatisfy(\.isEmpty) })
        let mine = Client(id: "mine", secret: Secret("s"), authentication: .basic)
        try registrations.save(
            ClientRegistration(issuer: Self.issuer, client: mine, redirectURIs: [], isByPerson: true))
        try clients.remember(Client(id: "mine", secret: Secret("s"), authentication: .post), issuer: Self.issuer)
        #expect(try await begin(fails: false) == .basic)
        #expect(memory.withLock { $0.values.allSatisfy(\.isEmpty) })
    }

    // MARK: Deletion

    @Test func `is deleted here and at the server, but only if it is the right one`() async throws {
        let place = Self.endpoint + "/c-1"
        let server = ScriptedTransport([place: [.status(204)]])
        let client = Client(id: "c-1")
        func save() throws {
            try registrations.save(
                ClientRegistration(
                    issuer: Self.issuer, client: client, redirectURIs: ["http://127.0.0.1:4711/callback"],
                    registrationAccessToken: Secret("t"), registrationClientURI: try EndpointURL(place)))
        }
        try save()
        try await clients.forget(Client(id: "c-2"), issuer: Self.issuer, needed: { [] }, transport: server)
        #expect(server.requests.isEmpty)
        try await clients.forget(client, issuer: Self.issuer, needed: { [] }, transport: server)
        #expect(server.addresses == [place])
        #expect(try registrations.all().isEmpty)
        // It is also deleted here if the server cannot be reached.
        try save()
        let down = ScriptedTransport([place: [.failure(.unreachable(host: "login.example.com", reason: "down"))]])
        try await clients.forget(client, issuer: Self.issuer, needed: { [] }, transport: down)
        #expect(try registrations.all().isEmpty)
    }
}

extension String {
    /// The text between `mark` and the next quotation mark; nil without `mark`.
    fileprivate func components(after mark: String) -> String? {
        guard let start = firstRange(of: mark)?.upperBound else { return nil }
        return String(self[start...].prefix { $0 != "\"" })
    }
}
