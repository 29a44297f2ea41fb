import Addresses
import CredentialProtocol
import KernelKeyring
import OAuth
import Secrets
import TestSupport
import Testing

@testable import KeyfobCore

@Suite(.timeLimit(.minutes(1)))
struct `The login command` {
    private static let service = "https://git.example.com"

    /// A login at a configured service, on a bench whose list of approvals is in a temporary directory.
    private func login(
        on bench: TokenBench, configuration: String = Self.configured, _ body: (Login, Approvals) async throws -> Void
    ) async throws {
        try await withTemporaryDirectory { directory in
            let files = [try write(configuration, to: directory + "/config.toml"), directory + "/state/approved.toml"]
            let approvals = Approvals(file: files[1])
            let read: @Sendable () throws -> AccountDirectory = {
                AccountDirectory(configuration: try Configuration(files: files))
            }
            let approval = ServiceApproval(
                accounts: try read(), reread: read, approvals: approvals, lock: AccountLock(directory: directory),
                interaction: bench.source.interaction, gitDeclines: { _ in false },
                finder: { _, _ in ServerFinder(transport: bench.server) }, hasTerminal: true, ask: { _ in true })
            let login = Login(
                serviceApproval: approval, tokens: bench.source, grants: bench.grants,
                registrations: RegistrationStore(items: bench.items))
            try await body(login, approvals)
        }
    }

    /// The bench's account, as a user would configure it.
    private static let configured = """
        [host."\(service)"]
        authorization_endpoint = "https://login.example.com/authorize"
        token_endpoint = "\(TokenBench.tokenEndpoint)"
        client_id = "keyfob"
        scopes = ["read"]
        flow = "loopback"
        pkce = "assumed"

        """

    private func request(scope: [String] = []) throws -> CredentialRequest {
        var request = try CredentialRequest(url: Self.service)
        request.scope = scope
        return request
    }

    private static let asking = TokenBench.Setting(interaction: .always)

    @Test func `opens no browser if a sign-in still works`() async throws {
        try await TokenBench.run([], Self.asking) { bench in
            bench.cache("cached", left: 3600)
            try await login(on: bench) { login, approvals in
                let target = try await login.find(request())
                try await login.check(target, hasClient: false)
                let outcome = try await login.signIn(to: target, for: request())
                #expect(outcome.token.token == Secret("cached"))
                #expect(bench.browser.openings == 0)
                #expect(try Configuration(files: [approvals.file]).hosts.isEmpty)
            }
        }
    }

    /// Whether the user forces it, names a scope, or names a client.
    @Test(arguments: [(true, [], false), (false, ["write"], false), (false, [], true)] as [(Bool, [String], Bool)])
    func `signs in again if the user wants something new`(
        _ force: Bool, _ scope: [String], _ hasClient: Bool
    ) async throws {
        try await TokenBench.run([.tokens("new", refresh: "r")], Self.asking) { bench in
            bench.cache("cached", left: 3600)
            try await login(on: bench) { login, _ in
                let request = try request(scope: scope)
                var target = try await login.find(request, anew: force)
                if hasClient { target.use(Client(byUser: "mine", secret: nil)) }
                let outcome = try await login.signIn(to: target, for: request, force: force)
                #expect(outcome.token.token == Secret("new"))
                #expect(outcome.grant?.requestedScopes == ["read"] + scope)
                #expect(bench.browser.openings == 1)
            }
        }
    }

    @Test func `stores the user's client: its id with the approval, its secret in the keyring`() async throws {
        try await TokenBench.run([.tokens("new", refresh: "r")], Self.asking) { bench in
            try await login(on: bench) { login, approvals in
                var target = try await login.find(request())
                try await login.check(target, hasClient: true)
                target.use(Client(byUser: "mine", secret: Secret("s3cret")))
                let outcome = try await login.signIn(to: target, for: request())
                #expect(outcome.grant?.client.id == "mine")
                let approved = try Configuration(files: [approvals.file]).hosts
                #expect(approved.map(\.clientID) == ["mine"])
                let stored = try RegistrationStore(items: bench.items).byPerson(issuer: TokenBench.tokenEndpoint)
                #expect(stored.map(\.client.secret) == [Secret("s3cret")])
            }
        }
    }

    @Test func `stores nothing of the user's client if the sign-in fails`() async throws {
        var setting = Self.asking
        setting.refuses = true
        try await TokenBench.run([], setting) { bench in
            try await login(on: bench) { login, approvals in
                var target = try await login.find(request())
                target.use(Client(byUser: "mine", secret: Secret("s3cret")))
                let named = target
                await #expect(throws: CredentialFailure.signInRefused(service: target.account.service)) {
                    try await login.signIn(to: named, for: request())
                }
                #expect(bench.items.items.isEmpty)
                #expect(try Configuration(files: [approvals.file]).hosts.isEmpty)
            }
        }
    }

    @Test func `stores the flow that a client needs with its id`() async throws {
        try await TokenBench.run([], Self.asking) { bench in
            try await login(on: bench) { login, _ in
                var target = try await login.find(request())
                target.use(Client(byUser: "mine", secret: nil), flow: .device)
                #expect(target.account.flow == .device)
                #expect(target.approval?.flow == .device)
            }
        }
    }

    @Test(arguments: ["http://git.example.com", "https://", "ssh://git.example.com", "https://a.example\nhost=b"])
    func `refuses a URL that is not a service`(_ url: String) {
        #expect(throws: CredentialFailure.notAService(url: url)) { try CredentialRequest(url: url) }
    }
}
