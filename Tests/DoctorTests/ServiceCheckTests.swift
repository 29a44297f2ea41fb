import Addresses
import CredentialProtocol
import KernelKeyring
import OAuth
import Secrets
import TestSupport
import Testing

@testable import Doctor
@testable import KeyfobCore

/// The checks of the issuer, and of the grant and token of the last sign-in.
@Suite struct `Checks of a service` {
    private static func account(_ service: String = "https://git.example.com") throws -> Account {
        Account(
            service: try ServiceURL(service),
            server: .issuer("https://login.example.com"), client: nil)
    }

    private static func metadata(registration: Bool = false) throws -> AuthorizationServerMetadata {
        AuthorizationServerMetadata(
            authorizationEndpoint: try EndpointURL("https://login.example.com/authorize"),
            tokenEndpoint: try EndpointURL("https://login.example.com/token"),
            registrationEndpoint: registration ? try EndpointURL("https://login.example.com/register") : nil)
    }

    @Test func `endpoints on other hosts are a warning until the user agrees`() throws {
        let account = try Self.account()
        #expect(MetadataCheck.finding(account, otherHosts: []).status == .ok)
        let finding = MetadataCheck.finding(account, otherHosts: ["a.example", "b.example"])
        #expect(finding.summary.hasSuffix("to which you have not agreed: a.example, b.example"))
        #expect(finding.hints == ["if you trust them, run in a terminal: keyfob login --force https://git.example.com"])
    }

    @Test(
        arguments: [
            ("https://git.example.com", false, .ok), ("https://git.example.com/group", false, .warning),
            ("https://git.example.com/group", true, .ok),
        ] as [(String, Bool, Finding.Status)])
    func `git must tell the path if the sign-in is for a path`(
        _ service: String, _ tellsPath: Bool, _ status: Finding.Status
    ) throws {
        #expect(HTTPPathCheck.finding(try Self.account(service), tellsPath: tellsPath).status == status)
    }

    @Test func `a client is the user's, or registered, or can register`() throws {
        func kind(_ change: (inout Account) -> Void, registration: Bool, isRegistered: Bool) throws -> Finding.Detail? {
            var account = try Self.account()
            change(&account)
            let metadata = try Self.metadata(registration: registration)
            return try ClientCheck.finding(account, metadata, isRegistered: isRegistered).details["kind"]
        }
        #expect(try kind({ $0.client = Client(id: "c") }, registration: true, isRegistered: true) == .text("own"))
        #expect(try kind({ _ in }, registration: true, isRegistered: true) == .text("registered"))
        #expect(try kind({ _ in }, registration: true, isRegistered: false) == .text("none"))
        #expect(throws: CredentialFailure.self) { try kind({ _ in }, registration: false, isRegistered: false) }
    }

    @Test func `a client is not looked for in a locked keyring`() async throws {
        let (parts, metadata) = (FakeParts(), try Self.metadata(registration: true))
        func look(_ client: Client?) async throws -> Finding {
            var account = try Self.account()
            account.client = client
            let wanted = account
            return try await parts.look(
                ClientCheck(),
                after: {
                    $0.notes.note { ($0.account, $0.metadata) = (wanted, metadata) }
                })
        }
        #expect(try await look(nil).details["kind"] == .text("none"))
        try parts.registrations.save(
            ClientRegistration(
                issuer: "https://login.example.com", client: Client(id: "r"), redirectURIs: [], isByPerson: false))
        #expect(try await look(nil).details["kind"] == .text("registered"))
        parts.items.lock()
        #expect(try await look(nil).because == "store")
        #expect(try await look(Client(id: "c")).status == .ok)
    }

    private static func grant(refreshToken: Secret? = nil, accessToken: Secret? = nil) throws -> Grant {
        Grant(
            account: "a", service: "https://git.example.com", accountName: nil, issuer: nil,
            tokenEndpoint: "https://login.example.com/token", revocationEndpoint: nil, client: Client(id: "c"),
            scopes: [], requestedScopes: [], resource: nil, refreshToken: refreshToken, accessToken: accessToken,
            grantedAt: 1_700_000_000)
    }

    @Test func `a grant without any token to go on with is a warning`() throws {
        func finding(_ grant: Grant) -> Finding { GrantCheck.finding(grant, at: 1_700_000_060) }
        let refreshable = finding(try Self.grant(refreshToken: Secret("r")))
        #expect(refreshable.summary == "signed in 60 seconds ago, refreshes by itself")
        #expect(refreshable.details == ["signed_in_at": .number(1_700_000_000), "refreshable": .truth(true)])
        #expect(finding(try Self.grant(accessToken: Secret("a"))).status == .ok)
        #expect(finding(try Self.grant()).status == .warning)
    }

    @Test func `a missing or ended grant fails the check`() async throws {
        let (parts, account) = (FakeParts(), try Self.account())
        func look() async throws -> Finding {
            try await parts.look(GrantCheck(), after: { $0.notes.note { $0.account = account } })
        }
        #expect(try await look().status == .failed)
        var grant = try Self.grant(refreshToken: Secret("r"))
        grant.account = account.id
        try parts.grants.save(grant)
        #expect(try await look().status == .ok)
        grant.endedAt = 1_700_000_001
        try parts.grants.save(grant)
        #expect(try await look().status == .failed)
        parts.items.lock()
        #expect(try await look().status == .failed)
    }

    @Test func `of several sign-ins, a caller must name one`() async throws {
        let parts = FakeParts()
        var account = try Self.account()
        func look() async throws -> Finding {
            let account = account
            return try await parts.look(GrantCheck(), after: { $0.notes.note { $0.account = account } })
        }
        for name in ["a", "b"] {
            account.name = name
            var grant = try Self.grant(refreshToken: Secret("r"))
            (grant.account, grant.accountName) = (account.id, name)
            try parts.grants.save(grant)
            account.name = nil
            #expect(try await look().status == (name == "a" ? .ok : .warning))
        }
        account.name = "b"
        #expect(try await look().status == .ok)
        account.name = "c"
        #expect(try await look().status == .failed)
    }

    @Test func `a token is in memory, or the next request gets one, or the user has to sign in`() throws {
        let token = CachedAccessToken(
            token: Secret("t"), username: nil, expiresAt: 1_700_000_120, lifetime: nil, freshUntil: 1_700_000_060)
        #expect(
            TokenCheck.finding(token, nil, at: 1_700_000_000)
                == .ok("in memory, for 2 minutes", ["expires_at": .number(1_700_000_120)]))
        #expect(TokenCheck.finding(nil, nil, at: 0).because == "grant")
        #expect(TokenCheck.finding(nil, try Self.grant(refreshToken: Secret("r")), at: 0).status == .ok)
        #expect(TokenCheck.finding(nil, try Self.grant(), at: 0).exitStatus == 77)
    }
}
