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
        _ directory: String, server: ScriptedTransport = ScriptedTransport([:]), configuration: String = "",
        accounts: AccountDirectory? = nil, approvals: Approvals? = nil
    ) throws -> Logout {
        Logout(
            accounts: try accounts
                ?? AccountDirectory(configuration: try TOMLConfiguration(configuration, file: "f").decode()),
            signOut: SignOut(
                grants: grants, cache: InMemoryAccessTokenCache { 0 }, lock: AccountLock(directory: directory),
                registrations: RegistrationStore(items: items), approvals: approvals),
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
            let found = try await logout(directory).grants(for: request, account: name).grants
            #expect(found.map { "\($0.service) \($0.accountName ?? "-")" }.sorted() == expected)
        }
    }

    /// The account name and the label of each sign-in, the URL and the name on the command line, and the account names of
    /// the grants to end.
    static let named: [([(String?, String?)], String, String?, [String])] = [
        ([(nil, "bob")], "https://BOB@a.example", nil, ["-"]), ([(nil, "bob")], "https://a.example", "BOB", ["-"]),
        ([("Work", nil), ("x", nil)], "https://a.example", "WORK", ["Work"]),
        ([(nil, "bob"), ("work", "Bob"), ("x", "carol")], "https://bob@a.example", nil, ["-", "work"]),
        ([("bob", nil), ("work", "bob")], "https://a.example", "bob", ["bob"]),
        // A name in a URL may mean a sign-in that says of nobody whose it is; a name that the user chose does not
        ([(nil, nil)], "https://bob@a.example", nil, ["-"]), ([(nil, nil)], "https://a.example", "bob", []),
        ([(nil, "alice")], "https://bob@a.example", nil, []),
    ]

    @Test(arguments: named)
    func `knows the names that a request for a token knows`(
        _ signedIn: [(String?, String?)], _ url: String, _ name: String?, _ expected: [String]
    ) async throws {
        for (account, label) in signedIn {
            var grant = Grant.example(
                of: try .example {
                    ($0.service, $0.name) = (try ServiceURL("https://a.example"), account)
                    ($0.server, $0.client) = (.issuer("https://login.example.com"), Client(id: "mine"))
                })
            grant.label = label
            try grants.save(grant)
        }
        let configuration =
            "[host.\"https://a.example\"]\nissuer = \"https://login.example.com\"\nclient_id = \"mine\"\n"
        try await withTemporaryDirectory { directory in
            let accounts = AccountDirectory(
                configuration: try TOMLConfiguration(configuration, file: "f").decode(), accountName: name)
            let logout = try logout(directory, accounts: accounts)
            let found = try await logout.grants(for: CredentialRequest(url: url), account: name).grants
            #expect(found.map { $0.accountName ?? "-" }.sorted() == expected)
        }
    }

    @Test(arguments: ["git", "oauth2", ""])
    func `by a name that is nobody's ends no one of several sign-ins`(_ name: String) async throws {
        let request = try CredentialRequest(url: "https://\(name)@a.example")
        try sign(in: "https://a.example", as: "alice")
        try await withTemporaryDirectory { directory in
            let logout = try logout(directory)
            #expect(try await logout.grants(for: request).grants.map(\.accountName) == ["alice"])
            try sign(in: "https://a.example", as: "bob")
            let service = try ServiceURL("https://a.example")
            await #expect(throws: CredentialFailure.whichAccount(service: service, names: ["alice", "bob"])) {
                try await logout.grants(for: request)
            }
            try sign(in: "https://a.example", as: "git")
            let git = try CredentialRequest(url: "https://git@a.example")
            #expect(try await logout.grants(for: git).grants.map(\.accountName) == ["git"])
        }
    }

    /// The URL on the command line, the service with a sign-in, and the service whose approval ends.
    static let approved: [(String, String?, String?)] = [
        ("https://a.example", nil, "https://a.example"), ("https://a.example/x.git", nil, "https://a.example"),
        ("https://a.example/team/x", nil, "https://a.example/team"),
        ("https://bob@a.example", nil, "https://a.example"),
        ("https://bob@a.example", "https://a.example", nil), ("https://written.example", nil, nil),
        ("https://b.example", nil, nil),
    ]

    @Test(arguments: approved)
    func `forgets an approval without a sign-in, and no other line`(
        _ url: String, _ signedIn: String?, _ forgotten: String?
    ) async throws {
        if let signedIn { try sign(in: signedIn, as: "alice") }
        try await withTemporaryDirectory { directory in
            let approvals = Approvals(file: directory + "/approved.toml")
            for service in ["https://a.example", "https://a.example/team"] {
                var host = Configuration.Host(service: try ServiceURL(service))
                host.issuer = "https://login.example.com"
                try approvals.add(host)
            }
            let written = try write(
                "[host.\"https://written.example\"]\nissuer = \"https://login.example.com\"\n",
                to: directory + "/config.toml")
            let accounts = AccountDirectory(
                configuration: try Configuration(files: [written], approvals: approvals.file))
            let logout = try logout(directory, accounts: accounts, approvals: approvals)
            #expect(try logout.forgetApproval(for: CredentialRequest(url: url))?.description == forgotten)
            let left = try Configuration(files: [written], approvals: approvals.file).hosts.map(\.service.description)
            let all = ["https://written.example", "https://a.example", "https://a.example/team"]
            #expect(Set(left) == Set(all.filter { $0 != forgotten }))
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
