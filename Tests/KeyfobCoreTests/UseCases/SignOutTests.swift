import Addresses
import CredentialProtocol
import KernelKeyring
import OAuth
import SecretService
import Secrets
import TestSupport
import Testing

@testable import KeyfobCore

@Suite(.timeLimit(.minutes(1)))
struct `A sign-out` {
    private static let endpoint = "https://login.example.com/revoke"

    /// Signs out at a server that answers each revocation with `answers`. Expects that no grant or token is left.
    private func signOut(
        _ answers: [ScriptedTransport.Answer], revocationEndpoint: String? = endpoint,
        refreshToken: String? = "refresh",
        accessToken: String? = nil, cached: String? = nil, endedAt: Int64? = nil
    ) async throws -> (outcome: SignOut.Tokens, forms: [String]) {
        try await withTemporaryDirectory { directory in
            let (items, clock, server) = (InMemoryItemStore(), TestClock(), ScriptedTransport([Self.endpoint: answers]))
            let (grants, cache) = (GrantStore(items: items), InMemoryAccessTokenCache { clock.now })
            var grant = Grant.example(of: try .example(), refreshToken: refreshToken, accessToken: accessToken)
            grant.revocationEndpoint = revocationEndpoint
            grant.endedAt = endedAt
            try grants.save(grant)
            if let cached {
                let token = CachedAccessToken(
                    token: Secret(cached), username: nil, expiresAt: clock.now + 60, lifetime: 60, freshUntil: clock.now
                )
                _ = cache.keep(token, account: grant.account, at: clock.now)
            }
            let other = Grant.example(of: try .example { $0.name = "other" })
            try grants.save(other)
            let outcome = try await SignOut(
                grants: grants, cache: cache, lock: AccountLock(directory: directory),
                registrations: RegistrationStore(items: items), approvals: nil
            )
            .run(grant, client: Client(id: "keyfob"), transport: server)
            #expect(try grants.all() == [other])
            #expect(cache.token(account: grant.account) == nil)
            return (outcome.tokens, server.requests.compactMap { $0.form?.exposedText })
        }
    }

    @Test(arguments: [true, false])
    func `deletes the approval, unless a Secret Service may have another sign-in`(isThere: Bool) async throws {
        try await withTemporaryDirectory { directory in
            let (keyring, account) = (InMemoryItemStore(), try Account.example())
            if !isThere { keyring.fail(.noProvider) }
            let items = ChosenItems(
                keyring: keyring, memory: InMemoryItemStore(), choice: StoreChoice(named: .auto, read: { nil }))
            let (grants, approvals) = (GrantStore(items: items), Approvals(file: directory + "/approved.toml"))
            var host = Configuration.Host(service: account.service)
            host.issuer = "https://login.example.com"
            try approvals.add(host)
            let grant = Grant.example(of: account)
            try grants.save(grant)
            _ = try await SignOut(
                grants: grants, cache: InMemoryAccessTokenCache { 0 }, lock: AccountLock(directory: directory),
                registrations: RegistrationStore(items: items), approvals: approvals
            ).run(grant, client: Client(id: "keyfob"), transport: ScriptedTransport([:]))
            #expect(try Configuration(files: [approvals.file]).hosts.isEmpty == isThere)
        }
    }

    @Test func `leaves no word of an answer that was lost before`() async throws {
        try await withTemporaryDirectory { directory in
            let (grants, lock) = (GrantStore(items: InMemoryItemStore()), AccountLock(directory: directory))
            let grant = Grant.example(of: try .example())
            try grants.save(grant)
            let lost = OAuthError.answerLost(host: "login.example.com")
            try await lock.hold(grant.account, patience: .seconds(1), waitsForPerson: true) { held in
                try? await held.refreshing(isLost: { $0 == lost }) { () throws(OAuthError) in throw lost }
            }
            #expect(lock.states(.current).map(\.activity) == [.answerLost])
            _ = try await SignOut(
                grants: grants, cache: InMemoryAccessTokenCache { 0 }, lock: lock,
                registrations: RegistrationStore(items: InMemoryItemStore()), approvals: nil
            ).run(grant, client: Client(id: "keyfob"), transport: ScriptedTransport([:]))
            #expect(lock.states(.current).map(\.activity) == [.unknown])
        }
    }

    @Test func `revokes the refresh token, then the access token`() async throws {
        let (outcome, forms) = try await signOut([.status(200)], cached: "access")
        #expect(outcome == .revoked)
        #expect(forms.count == 2)
        #expect(forms.first?.contains("token=refresh&token_type_hint=refresh_token") == true)
        #expect(forms.last?.contains("token=access&token_type_hint=access_token") == true)
    }

    @Test func `revokes the access token if that is the grant`() async throws {
        let (outcome, forms) = try await signOut(
            [.status(200)], refreshToken: nil, accessToken: "forever", cached: "old")
        #expect(outcome == .revoked)
        #expect(forms.count == 1)
        #expect(forms.first?.contains("token=forever&") == true)
    }

    @Test(arguments: [endpoint, nil])
    func `of a sign-in that the server has ended finds nothing to revoke`(_ endpoint: String?) async throws {
        let (outcome, forms) = try await signOut(
            [.status(200)], revocationEndpoint: endpoint, refreshToken: nil, endedAt: 5)
        #expect(outcome == .nothingLeft(byServer: true))
        #expect(forms.isEmpty)
    }

    @Test func `without any token says that none was left, and not that the server has revoked it`() async throws {
        let (outcome, forms) = try await signOut([.status(200)], refreshToken: nil)
        #expect(outcome == .nothingLeft(byServer: false))
        #expect(forms.isEmpty)
    }

    @Test(arguments: [nil, "http://login.example.com/revoke", "nonsense"])
    func `reports that the server offers no revocation, and sends no token`(_ endpoint: String?) async throws {
        let (outcome, forms) = try await signOut([.status(200)], revocationEndpoint: endpoint, cached: "access")
        #expect(outcome == .notOffered(page: nil))
        #expect(forms.isEmpty)
    }

    /// A service of GitHub, and the URL at which a token is deleted.
    static let gitHubs = [
        ("https://github.com", nil, "https://api.github.com/applications/Iv1.me/token"),
        ("https://gist.github.com", nil, "https://api.github.com/applications/Iv1.me/token"),
        ("https://team.ghe.com", nil, "https://api.team.ghe.com/applications/Iv1.me/token"),
        ("https://git.example.com:8443", "github", "https://git.example.com:8443/api/v3/applications/Iv1.me/token"),
    ]

    private func signOut(
        ofGitHub service: String, provider: String?, secret: String? = "s", refreshToken: String? = nil,
        _ answers: [String: [ScriptedTransport.Answer]]
    ) async throws -> (SignOut.Tokens, [HTTPRequest]) {
        try await withTemporaryDirectory { directory in
            let (items, clock, server) = (InMemoryItemStore(), TestClock(), ScriptedTransport(answers))
            let grants = GrantStore(items: items)
            var grant = Grant.example(of: try .example(), refreshToken: refreshToken, accessToken: "gho_1")
            grant.service = service
            grant.client = Client(id: "Iv1.me")
            try grants.save(grant)
            let outcome = try await SignOut(
                grants: grants, cache: InMemoryAccessTokenCache { clock.now }, lock: AccountLock(directory: directory),
                registrations: RegistrationStore(items: items), approvals: nil
            )
            .run(
                grant, client: Client(id: "Iv1.me", secret: secret.map { Secret($0) }),
                host: KnownHost.match(try ServiceURL(service), provider: provider), transport: server)
            #expect(try grants.all().isEmpty)
            return (outcome.tokens, server.requests)
        }
    }

    @Test(arguments: gitHubs)
    func `of GitHub deletes the token with the client's secret`(
        _ service: String, _ provider: String?, _ address: String
    ) async throws {
        for status in [204, 404] {
            let (outcome, requests) = try await signOut(
                ofGitHub: service, provider: provider, [address: [.status(status)]])
            #expect(outcome == .revoked)
            #expect(requests.map(\.url.string) == [address])
            #expect(requests.map(\.method) == [.delete])
            // base64 of `Iv1.me:s`
            #expect(requests.first?.authorization == Secret("Basic SXYxLm1lOnM="))
            #expect(requests.first?.json == Secret("{\"access_token\":\"gho_1\"}"))
        }
    }

    @Test(arguments: gitHubs)
    func `of GitHub without a secret names the page for it, and sends no token`(
        _ service: String, _ provider: String?, _: String
    ) async throws {
        let origin = service.contains("gist") ? "https://github.com" : service
        let (outcome, requests) = try await signOut(ofGitHub: service, provider: provider, secret: nil, [:])
        #expect(outcome == .notOffered(page: origin + "/settings/applications"))
        #expect(requests.isEmpty)
    }

    @Test func `of GitHub cannot confirm the end of a refresh token`() async throws {
        let (outcome, requests) = try await signOut(
            ofGitHub: "https://github.com", provider: nil, refreshToken: "ghr_1",
            ["https://api.github.com/applications/Iv1.me/token": [.status(204)]])
        #expect(outcome == .notOffered(page: "https://github.com/settings/applications"))
        #expect(requests.count == 1)
    }

    @Test func `of GitHub reports an error if the token was not deleted`() async throws {
        let address = "https://api.github.com/applications/Iv1.me/token"
        let (outcome, _) = try await signOut(
            ofGitHub: "https://github.com", provider: nil, [address: [.json("{}", status: 422)]])
        let error = OAuthError.refused(host: "api.github.com", status: 422, error: "HTTP 422", description: nil)
        #expect(outcome == .notConfirmed(error))
    }

    @Test func `of GitHub puts no client id into a URL that it would change`() throws {
        let service = try ServiceURL("https://github.com")
        let host = try #require(KnownHost.match(service, provider: nil))
        for id in ["../x", "a/b", "a?b", "a#b", "a%2fb", "{host}", "a b", "é"] {
            #expect(host.tokenDeletion(for: service, clientID: id) == nil)
        }
        #expect(KnownHost.match(try ServiceURL("https://gitlab.com"), provider: nil)?.grantsPage(for: service) == nil)
    }

    @Test(arguments: [
        ScriptedTransport.Answer.failure(.unreachable(host: "login.example.com", reason: "refused")), .status(503),
        .error("invalid_client", status: 401),
    ])
    func `deletes the grant even if the server does not confirm, and reports that`(_ answer: ScriptedTransport.Answer)
        async throws
    {
        let (outcome, _) = try await signOut([answer], cached: "access")
        guard case .notConfirmed = outcome else {
            Issue.record("\(outcome)")
            return
        }
    }

    @Test func `deletes nothing if the keyring is locked`() async throws {
        try await withTemporaryDirectory { directory in
            let (items, clock) = (InMemoryItemStore(), TestClock())
            let grants = GrantStore(items: items)
            let grant = Grant.example(of: try .example())
            try grants.save(grant)
            items.lock()
            let cache = InMemoryAccessTokenCache { clock.now }
            await #expect(throws: SecretServiceError.locked) {
                try await SignOut(
                    grants: grants, cache: cache, lock: AccountLock(directory: directory),
                    registrations: RegistrationStore(items: items), approvals: nil
                )
                .run(grant, client: Client(id: "keyfob"), transport: ScriptedTransport([:]))
            }
            items.lock(false)
            #expect(try grants.all() == [grant])
        }
    }
}
