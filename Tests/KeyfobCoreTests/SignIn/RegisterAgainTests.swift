import Addresses
import OAuth
import Secrets
import Synchronization
import TestSupport
import Testing

@testable import KeyfobCore

/// If a server no longer knows its client, it shows an error in the browser and sends no answer to keyfob.
@Suite(.timeLimit(.minutes(1))) struct `A failed sign-in with an older registration` {
    private static let issuer = "https://login.example.com"

    /// A user who gives the same answer to each question.
    private final class Person: Sendable {
        let browser = VisitingBrowser()
        let pages = Mutex(0)
        let questions = Mutex<[String]>([])
        let says: Bool
        /// The number of error pages before the first good page.
        let errors: Int

        init(says: Bool, errors: Int) { (self.says, self.errors) = (says, errors) }

        func look(_ pending: PendingLogin) async throws {
            let page = pages.withLock { pages in
                pages += 1
                return pages
            }
            // No answer comes from an error page. The sign-in would time out, but the test does not wait for that.
            guard page > errors else { throw OAuthError.authorizationTimedOut(seconds: 300) }
            try await browser.visit(pending)
        }

        func answer(_ server: String) -> Bool {
            questions.withLock { $0.append(server) }
            return says
        }
    }

    /// A server that registers every client, as new-1, then new-2.
    private static func server(methods: String = "S256") -> ScriptedTransport {
        let metadata = """
            {"issuer":"\(issuer)","authorization_endpoint":"\(issuer)/a","token_endpoint":"\(issuer)/t",\
            "registration_endpoint":"\(issuer)/r","code_challenge_methods_supported":["\(methods)"]}
            """
        return ScriptedTransport([
            issuer + "/.well-known/oauth-authorization-server": [.json(metadata)],
            issuer + "/r": [
                .json("{\"client_id\":\"new-1\"}", status: 201), .json("{\"client_id\":\"new-2\"}", status: 201),
            ],
            issuer + "/t": [.tokens("1", refresh: "r")], issuer + "/r/old": [.status(204)],
        ])
    }

    private static func older(port: Int) throws -> ClientRegistration {
        ClientRegistration(
            issuer: issuer, client: Client(id: "old"), redirectURIs: ["http://127.0.0.1:\(port)/callback"],
            registrationAccessToken: Secret("manage"), registrationClientURI: try EndpointURL(issuer + "/r/old"))
    }

    /// Signs in with an older registration, unless `isOlder` is false.
    private func signIn(
        _ person: Person, _ server: ScriptedTransport, _ items: InMemoryItemStore, registersAnew: Bool = false,
        isOlder: Bool = true, _ change: (inout Account) throws -> Void = { _ in }
    ) async throws -> SignIn.Result {
        let account = try Account.example { account in
            (account.server, account.client) = (.issuer(Self.issuer), nil)
            try change(&account)
        }
        let registrations = RegistrationStore(items: items)
        if isOlder { try registrations.save(Self.older(port: try await RedirectTemplate.freePort())) }
        return try await withTemporaryDirectory { directory in
            try await SignIn(
                grants: GrantStore(items: items), clients: ClientSource(registrations: registrations, now: { 0 }),
                lock: AccountLock(directory: directory),
                screen: .init(
                    browser: { try await person.look($1) }, device: { _, _ in },
                    asksToRegister: { person.answer($1) }),
                place: .init(hasBrowser: true, isRemote: false), now: { 0 }
            ).run(account, registersAnew: registersAnew, transport: server) { result in
                try GrantStore(items: items).save(result.grant)
                return result
            }
        }
    }

    @Test func `is reported as a sign-in without an answer, and keeps the registration`() async throws {
        let (person, server, items) = (Person(says: false, errors: 9), Self.server(), InMemoryItemStore())
        let service = try Account.example().service
        await #expect(
            throws: CredentialFailure.unanswered(service: service, after: .authorizationTimedOut(seconds: 300))
        ) { try await signIn(person, server, items) }
        #expect(person.questions.withLock { $0 } == ["login.example.com"])
        #expect(try RegistrationStore(items: items).own(issuer: Self.issuer).map(\.client.id) == ["old"])
        #expect(!server.addresses.contains(Self.issuer + "/r"))
    }

    @Test func `is retried with another registration after a yes, and the older one is deleted`() async throws {
        let (person, server, items) = (Person(says: true, errors: 1), Self.server(), InMemoryItemStore())
        let result = try await signIn(person, server, items)
        #expect(result.grant.client.id == "new-1")
        #expect(try RegistrationStore(items: items).own(issuer: Self.issuer).map(\.client.id) == ["new-1"])
        #expect(server.requests.filter { $0.method == .delete }.map(\.url.string) == [Self.issuer + "/r/old"])
    }

    @Test func `is reported as a timeout if the registration is new`() async throws {
        let (person, server, items) = (Person(says: true, errors: 9), Self.server(), InMemoryItemStore())
        await #expect(throws: OAuthError.authorizationTimedOut(seconds: 300)) {
            try await signIn(person, server, items, isOlder: false)
        }
        #expect(person.questions.withLock { $0 }.isEmpty)
    }

    @Test func `can be retried by a user who asks for another registration`() async throws {
        let (person, server, items) = (Person(says: false, errors: 0), Self.server(), InMemoryItemStore())
        let result = try await signIn(person, server, items, registersAnew: true)
        #expect(result.grant.client.id == "new-1")
        #expect(server.requests.contains { $0.method == .delete })
    }

    @Test func `keeps the older registration at the server while another grant needs it`() async throws {
        let (person, server, items) = (Person(says: false, errors: 0), Self.server(), InMemoryItemStore())
        var other = Grant.example(of: try .example { $0.name = "other" })
        other.client = Client(id: "old")
        try GrantStore(items: items).save(other)
        _ = try await signIn(person, server, items, registersAnew: true)
        #expect(!server.requests.contains { $0.method == .delete })
        #expect(try RegistrationStore(items: items).own(issuer: Self.issuer).map(\.client.id) == ["new-1", "old"])
    }

    @Test(arguments: [
        (Account.Flow.loopback, "plain", OAuthError.pkceUnsupported(issuer: issuer)),
        (.paste, "plain", .pkceUnsupported(issuer: issuer)),
        (.device, "S256", .missingEndpoint(member: "device_authorization_endpoint")),
    ])
    func `makes no registration at a server without what the flow needs`(
        flow: Account.Flow, methods: String, error: OAuthError
    ) async throws {
        let (person, items) = (Person(says: true, errors: 0), InMemoryItemStore())
        let server = Self.server(methods: methods)
        for registersAnew in [false, true] {
            await #expect(throws: error) {
                try await signIn(person, server, items, registersAnew: registersAnew, isOlder: false) { $0.flow = flow }
            }
        }
        #expect(!server.addresses.contains(Self.issuer + "/r"))
        #expect(person.pages.withLock { $0 } == 0)
    }

    @Test func `is not retried with another registration if the client is the user's`() async throws {
        let (person, server, items) = (Person(says: false, errors: 0), Self.server(), InMemoryItemStore())
        let service = try Account.example().service
        await #expect(throws: CredentialFailure.clientIsConfigured(service: service, id: "mine")) {
            try await signIn(person, server, items, registersAnew: true) { $0.client = Client(id: "mine") }
        }
        #expect(!server.addresses.contains(Self.issuer + "/r"))
        #expect(person.pages.withLock { $0 } == 0)
    }
}
