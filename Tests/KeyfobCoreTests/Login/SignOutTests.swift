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

    /// Signs out of a grant at a server that answers each revocation by `answers`; whatever comes, nothing is left.
    private func signOut(
        _ answers: [ScriptedTransport.Answer], revocationEndpoint: String? = endpoint,
        refreshToken: String? = "refresh",
        accessToken: String? = nil, cached: String? = nil
    ) async throws -> (outcome: SignOut.Tokens, forms: [String]) {
        try await withTemporaryDirectory { directory in
            let (items, clock, server) = (InMemoryItemStore(), TestClock(), ScriptedTransport([Self.endpoint: answers]))
            let (grants, cache) = (GrantStore(items: items), InMemoryAccessTokenCache { clock.now })
            var grant = Grant.example(of: try .example(), refreshToken: refreshToken, accessToken: accessToken)
            grant.revocationEndpoint = revocationEndpoint
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

    @Test func `revokes the refresh token, then the access token`() async throws {
        let (outcome, forms) = try await signOut([.status(200)], cached: "access")
        #expect(outcome == .revoked)
        #expect(forms.count == 2)
        #expect(forms.first?.contains("token=refresh&token_type_hint=refresh_token") == true)
        #expect(forms.last?.contains("token=access&token_type_hint=access_token") == true)
    }

    @Test func `revokes the access token where that is the grant`() async throws {
        let (outcome, forms) = try await signOut(
            [.status(200)], refreshToken: nil, accessToken: "forever", cached: "old")
        #expect(outcome == .revoked)
        #expect(forms.count == 1)
        #expect(forms.first?.contains("token=forever&") == true)
    }

    @Test(arguments: [nil, "http://login.example.com/revoke", "nonsense"])
    func `says where the server offers no revocation, and sends no token anywhere`(_ endpoint: String?) async throws {
        let (outcome, forms) = try await signOut([.status(200)], revocationEndpoint: endpoint, cached: "access")
        #expect(outcome == .notOffered)
        #expect(forms.isEmpty)
    }

    @Test(arguments: [
        ScriptedTransport.Answer.failure(.unreachable(host: "login.example.com", reason: "refused")), .status(503),
        .error("invalid_client", status: 401),
    ])
    func `forgets also where the server does not confirm, and says so`(_ answer: ScriptedTransport.Answer) async throws
    {
        let (outcome, _) = try await signOut([answer], cached: "access")
        guard case .notConfirmed = outcome else {
            Issue.record("\(outcome)")
            return
        }
    }

    @Test func `keeps everything where the keyring is locked, for it could not forget`() async throws {
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
