import Addresses
import CredentialProtocol
import KernelKeyring
import OAuth
import SecretService
import Secrets
import Synchronization
import TestSupport
import Testing

@testable import KeyfobCore

/// Accounts that each have one token, which can be refused.
private final class InMemoryTokenSource: TokenSource {
    private let tokens: Mutex<[String: CachedAccessToken]>

    init(_ tokens: [String: CachedAccessToken]) {
        self.tokens = Mutex(tokens)
    }

    func token(of account: Account, for request: CredentialRequest) async throws -> CachedAccessToken {
        guard let token = tokens.withLock({ $0[account.client?.id ?? ""] }) else {
            throw CredentialFailure.signInNeeded(service: account.service, because: .noGrant)
        }
        return token
    }

    func discard(_ refused: Secret?, of account: Account) async throws -> Bool {
        tokens.withLock { tokens in
            guard let token = tokens[account.client?.id ?? ""], refused == token.token else { return false }
            tokens[account.client?.id ?? ""] = nil
            return true
        }
    }
}

/// Gives tokens one after the other, each with its name in kernel memory, and notes which one the request says was refused.
private final class RememberingTokenSource: TokenSource {
    private let names: [String?]
    private let asked = Mutex<[String?]>([])

    init(names: [String?]) { self.names = names }

    var refused: [String?] { asked.withLock { $0 } }

    func token(of account: Account, for request: CredentialRequest) async throws -> CachedAccessToken {
        let number = asked.withLock { asked in
            asked.append(TokenState(refusedIn: request)?.serial)
            return asked.count
        }
        return CachedAccessToken(
            token: Secret("token \(number)"), username: nil, expiresAt: 5, lifetime: 9, freshUntil: 4,
            serial: names[number - 1])
    }

    func discard(_ refused: Secret?, of account: Account) async throws -> Bool { false }
}

/// The program on one page: what `get`, `store` and `erase` do.
@Suite struct `The credential helper` {
    let items = InMemoryItemStore()

    /// git.example.com is configured; git's settings describe github.example.com; both have a token.
    private func helper(username: String? = nil, tokens: [String: String] = ["keyfob": "ours", "git": "theirs"]) throws
        -> CredentialHelper
    {
        var text = "[host.\"https://git.example.com\"]\nissuer = \"https://l\"\nclient_id = \"keyfob\"\n"
        if let username { text += "username = \"\(username)\"\n" }
        let configuration = try TOMLConfiguration(text, file: "f").decode()
        let output = "credential.oauthclientid\ngit\0credential.oauthauthurl\n/a\0credential.oauthtokenurl\n/t\0"
        let settings = GitSettings(output: Array(output.utf8))
        let accounts = AccountDirectory(
            configuration: configuration, gitSettings: { $0.host == "github.example.com" ? settings : nil })
        let source = InMemoryTokenSource(
            tokens.mapValues {
                CachedAccessToken(token: Secret($0), username: nil, expiresAt: 5, lifetime: 9, freshUntil: 4)
            })
        return CredentialHelper(accounts: accounts, passwords: PasswordStore(items: items), tokens: source)
    }

    /// git.example.com is configured.
    private func helper(_ source: some TokenSource) throws -> CredentialHelper {
        let text = "[host.\"https://git.example.com\"]\nissuer = \"https://l\"\nclient_id = \"keyfob\"\n"
        let accounts = AccountDirectory(configuration: try TOMLConfiguration(text, file: "f").decode())
        return CredentialHelper(accounts: accounts, passwords: PasswordStore(items: items), tokens: source)
    }

    private func keep(_ host: String, username: String = "alice", password: String) throws {
        try PasswordStore(items: items).store(.git(host, username: username, password: password))
    }

    // MARK: get

    @Test func `gives a configured account's token, even if a password is stored`() async throws {
        try keep("git.example.com", password: "stored")
        let answer = try #require(try await helper().get(.git(path: "team/x.git")))
        let account = try #require(try helper().accounts.configuredAccount(for: .git()))
        #expect(
            answer.response
                == CredentialResponse(
                    username: "oauth2", password: Secret("ours"), passwordExpiryUTC: 5, authtype: "Bearer",
                    ephemeral: true, state: ["keyfob:account=" + account.id]))
        #expect(answer.account == account)
    }

    @Test(
        arguments: [
            (nil, nil, "oauth2"), (nil, "alice", "alice"), ("x-token", nil, "x-token"), ("x-token", "alice", "x-token"),
        ] as [(String?, String?, String)])
    func `gives the service's user name with a token, else the requested one`(
        _ configured: String?, _ asked: String?, _ username: String
    ) async throws {
        #expect(try await helper(username: configured).get(.git(username: asked))?.response.username == username)
    }

    @Test func `gives another token than the remembered one if the last no longer works`() async throws {
        let remembered = RememberingTokenSource(names: ["a", "b"])
        #expect(try await helper(remembered).renew(.git())?.response.password == Secret("token 2"))
        #expect(remembered.refused == [nil, "a"])
        let issued = RememberingTokenSource(names: [nil])
        #expect(try await helper(issued).renew(.git())?.response.password == Secret("token 1"))
        #expect(issued.refused == [nil])
    }

    @Test func `renews no stored password`() async throws {
        try keep("other.example.com", password: "stored")
        #expect(try await helper().renew(.git("other.example.com"))?.response.password == Secret("stored"))
        #expect(try await helper().renew(.git("another.example.com")) == nil)
    }

    @Test func `gives a stored password before it asks git for its settings`() async throws {
        try keep("github.example.com", password: "stored")
        let answer = try await helper().get(.git("github.example.com"))
        #expect(answer?.response.password == Secret("stored"))
        #expect(answer?.response.authtype == nil)
        #expect(answer?.response.state == [])
        #expect(answer?.account == nil)
    }

    @Test func `gives the token of git's account if no password is stored`() async throws {
        let answer = try await helper().get(.git("github.example.com"))
        #expect(answer?.response.password == Secret("theirs"))
        #expect(answer?.account?.client?.id == "git")
    }

    @Test func `gives nothing if there is neither account nor password`() async throws {
        #expect(try await helper().get(.git("example.org"))?.response == nil)
        #expect(try await helper().get(.git("", protocolName: "cert", path: "x"))?.response == nil)
    }

    @Test func `says why an account has no token, and does not fall back to a password`() async throws {
        try keep("git.example.com", password: "stored")
        let helper = try helper(tokens: [:])
        await #expect(throws: CredentialFailure.self) { try await helper.get(.git()) }
    }

    @Test func `needs no keyring for a configured account, and reports a locked one if it is needed`() async throws {
        try keep("example.org", password: "stored")
        items.lock()
        let helper = try helper()
        #expect(try await helper.get(.git())?.response.password == Secret("ours"))
        await #expect(throws: SecretServiceError.locked) { try await helper.get(.git("example.org")) }
    }

    // MARK: Alternatives of a caller

    /// The path and user name of each stored password; the path and user name in the request; the user whose password
    /// is given.
    static let alternatives: [([(String?, String)], String?, String?, String?)] = [
        ([(nil, "any")], "a/b", nil, "any"),
        ([(nil, "any"), ("a/b", "exact")], "a/b", nil, "exact"),
        ([("other", "any")], "a/b", nil, nil),
        ([("other", "any")], nil, nil, nil),
        ([("a/b", "cargo"), ("a/b", "newer")], "a/b", nil, "cargo"),
        ([(nil, "cargo"), (nil, "newer")], nil, nil, "cargo"),
        ([(nil, "cargo"), (nil, "newer")], nil, "newer", "cargo"),
        ([(nil, "cargo")], nil, "someone", "cargo"),
        ([(nil, "cargo"), ("a/b", "newer")], "a/b", nil, "newer"),
    ]

    @Test(arguments: alternatives)
    func `finds a caller's alternatives with one search for each kind of item`(
        _ stored: [(String?, String)], _ path: String?, _ username: String?, _ user: String?
    ) async throws {
        for (path, user) in stored {
            try PasswordStore(items: items).store(.git("example.org", path: path, username: user, password: user))
        }
        let helper = try helper()
        items.resetCounts()
        let request = CredentialRequest.git("example.org", path: path, username: username)
        let answer = try await helper.get(request, alternatives: .init(preferredUser: "cargo", withoutPath: true))
        #expect(answer?.response.username == user)
        #expect(items.searches == ["password", "credential"])
    }

    @Test func `prefers a token of git's account to the alternatives`() async throws {
        try keep("github.example.com", password: "stored")
        let request = CredentialRequest.git("github.example.com", path: "a/b")
        let answer = try await helper().get(request, alternatives: .init(preferredUser: nil, withoutPath: true))
        #expect(answer?.response.password == Secret("theirs"))
    }

    // MARK: store

    @Test func `stores a password for a service without an account`() async throws {
        try await helper().store(.git("example.org", username: "u", password: "p"))
        #expect(try await helper().get(.git("example.org"))?.response.password == Secret("p"))
    }

    @Test(arguments: ["git.example.com", "github.example.com"])
    func `stores nothing for a service with an account, because the password would be an expired token later`(
        _ host: String
    ) async throws {
        try await helper().store(.git(host, username: "u", password: "ours"))
        #expect(items.items.isEmpty)
    }

    @Test func `stores nothing that is ephemeral or incomplete`() async throws {
        var ephemeral = CredentialRequest.git("example.org", username: "u", password: "p")
        ephemeral.ephemeral = true
        var bearer = CredentialRequest.git("example.org", username: "u")
        bearer.credential = Secret("t")
        var ephemeralBearer = bearer
        (ephemeralBearer.authtype, ephemeralBearer.ephemeral) = ("Bearer", true)
        for request in [
            ephemeral, bearer, ephemeralBearer, .git("example.org"), .git("example.org", username: "u"),
            .git("example.org", password: "p"),
        ] {
            try await helper().store(request)
        }
        #expect(items.items.isEmpty)
    }

    @Test func `stores an empty user name and an empty password`() async throws {
        try await helper().store(.git("example.org", username: "", password: ""))
        #expect(try await helper().get(.git("example.org"))?.response.password == Secret(""))
    }

    @Test func `writes nothing if nothing has changed`() async throws {
        let request = CredentialRequest.git("example.org", username: "u", password: "p")
        try await helper().store(request)
        let written = items.items.map(\.modified)
        items.refuseWrites(.failed("a write"))
        try await helper().store(request)
        #expect(items.items.map(\.modified) == written)
        let changed = CredentialRequest.git("example.org", username: "u", password: "q")
        let helper = try helper()
        await #expect(throws: SecretServiceError.failed("a write")) { try await helper.store(changed) }
    }

    // MARK: erase

    @Test func `deletes an account's refused token, sent as a password or as a credential`()
        async throws
    {
        for isCredential in [true, false] {
            let helper = try helper()
            var request = CredentialRequest.git(username: "oauth2", password: isCredential ? nil : "ours")
            request.credential = isCredential ? Secret("ours") : nil
            try await helper.erase(request)
            await #expect(throws: CredentialFailure.self) { try await helper.get(.git()) }
        }
    }

    @Test func `deletes no password for a refused token`() async throws {
        try keep("git.example.com", username: "oauth2", password: "ours")
        try await helper().erase(.git(username: "oauth2", password: "ours"))
        #expect(items.items.count == 1)
    }

    @Test func `deletes a refused password that hides an account`() async throws {
        try keep("github.example.com", username: "u", password: "stored")
        let helper = try helper()
        try await helper.erase(.git("github.example.com", username: "u", password: "stored"))
        #expect(items.items.isEmpty)
        #expect(try await helper.get(.git("github.example.com"))?.response.password == Secret("theirs"))
    }

    @Test func `deletes passwords of a service without an account, item by item`() async throws {
        try keep("example.org", username: "u", password: "p")
        try keep("example.org", username: "v", password: "q")
        try await helper().erase(.git("example.org", password: "p"))
        #expect(items.items.map(\.attributes["user"]) == ["v"])
        try await helper().erase(.git("example.org"))
        #expect(items.items.isEmpty)
    }
}
