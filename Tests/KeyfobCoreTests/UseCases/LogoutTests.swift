import Addresses
import CredentialProtocol
import OAuth
import Secrets
import TestSupport
import Testing

@testable import KeyfobCore

@Suite(.timeLimit(.minutes(1)))
struct `The logout command` {
    private let items = InMemoryItemStore()
    private var grants: GrantStore { GrantStore(items: items) }

    private func logout(
        _ directory: String, server: ScriptedTransport = ScriptedTransport([:]), configuration: String = ""
    ) throws -> Logout {
        Logout(
            accounts: AccountDirectory(configuration: try TOMLConfiguration(configuration, file: "f").decode()),
            signOut: SignOut(
                grants: grants, cache: InMemoryAccessTokenCache { 0 }, lock: AccountLock(directory: directory),
                registrations: RegistrationStore(items: items), approvals: nil),
            transport: { _ in server }, transportOfForgotten: { _ in server })
    }

    private func sign(in service: String, as name: String? = nil) throws {
        try grants.save(
            .example(
                of: .example {
                    ($0.service, $0.name) = (try ServiceURL(service), name)
                }))
    }

    /// The URL on the command line, the account name, and the service and account name of each grant to end.
    static let meant: [(String?, String?, [String])] = [
        (nil, nil, ["https://a.example -", "https://a.example/x -", "https://b.example one", "https://b.example two"]),
        // The longest service that contains the URL
        ("https://a.example", nil, ["https://a.example -"]), ("https://a.example/y", nil, ["https://a.example -"]),
        ("https://a.example/x/z", nil, ["https://a.example/x -"]), ("https://c.example", nil, []),
        // If a service has several accounts: the named one, or all
        ("https://b.example", nil, ["https://b.example one", "https://b.example two"]),
        ("https://b.example", "two", ["https://b.example two"]),
        ("https://two@b.example", nil, ["https://b.example two"]),
        ("https://b.example", "three", []), ("https://a.example", "one", []),
    ]

    @Test(arguments: meant)
    func `ends the grants that the user means`(_ url: String?, _ name: String?, _ expected: [String]) async throws {
        try sign(in: "https://a.example")
        try sign(in: "https://a.example/x")
        try sign(in: "https://b.example", as: "one")
        try sign(in: "https://b.example", as: "two")
        try await withTemporaryDirectory { directory in
            let request = try url.map { try CredentialRequest(url: $0) }
            let found = try await logout(directory).grants(for: request, account: name)
            #expect(found.map { "\($0.service) \($0.accountName ?? "-")" }.sorted() == expected)
        }
    }

    @Test func `authenticates with the secret that is configured now`() async throws {
        let account = try Account.example {
            $0.client = Client(id: "keyfob", secret: Secret("new"), authentication: .basic)
        }
        var grant = Grant.example(of: account)
        grant.client = Client(id: "keyfob", secret: Secret("old"), authentication: .basic)
        #expect(grant.client(for: account).secret == Secret("new"))
        #expect(grant.client(for: nil).secret == Secret("old"))
        #expect(
            grant.client(for: try .example { $0.client = Client(id: "other", secret: Secret("x")) }).secret
                == Secret("old"))
    }

    @Test func `ends a grant of a service that is no longer configured`() async throws {
        let revocation = "https://login.example.com/revoke"
        let server = ScriptedTransport([revocation: [.status(200)]])
        var grant = Grant.example(of: try .example())
        grant.revocationEndpoint = revocation
        try grants.save(grant)
        try await withTemporaryDirectory { directory in
            let outcome = try await logout(directory, server: server).end(grant)
            #expect(outcome.tokens == .revoked)
            #expect(try grants.all().isEmpty)
        }
    }
}
