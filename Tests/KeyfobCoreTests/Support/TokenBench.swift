import Addresses
import CredentialProtocol
import KernelKeyring
import OAuth
import SecretService
import Secrets
import TestSupport

@testable import KeyfobCore

/// A token source, with its stores and server in memory and its lock in a temporary directory.
struct TokenBench: Sendable {
    static let tokenEndpoint = "https://login.example.com/token"

    let items = InMemoryItemStore()
    let clock = TestClock()
    let cache: InMemoryAccessTokenCache
    let server: ScriptedTransport
    let browser: VisitingBrowser
    let account: Account
    let source: OAuthTokenSource

    var grants: GrantStore { GrantStore(items: items) }

    /// The settings of a bench, with defaults.
    struct Setting: Sendable {
        var interaction = Interaction.never
        var gitDeclines = false
        /// Whether the user says no.
        var refuses = false
        /// The directory of the locks; nil for a directory of the bench's own.
        var lockDirectory: String?
        var account: Account?
        /// Runs at the server before each answer.
        var before: @Sendable (InMemoryItemStore) throws -> Void = { _ in }
    }

    /// Runs `body` with a bench whose token endpoint gives `answers` in order, and repeats the last one.
    static func run(
        _ answers: [ScriptedTransport.Answer] = [], _ setting: Setting = Setting(),
        _ body: (TokenBench) async throws -> Void
    ) async throws {
        try await withTemporaryDirectory { directory in
            try await body(try TokenBench(answers, setting, setting.lockDirectory ?? directory))
        }
    }

    private init(_ answers: [ScriptedTransport.Answer], _ setting: Setting, _ directory: String) throws {
        let (items, clock, browser) = (items, clock, VisitingBrowser(refuses: setting.refuses))
        let cache = InMemoryAccessTokenCache { clock.now }
        let server = ScriptedTransport([Self.tokenEndpoint: answers])
        let grants = GrantStore(items: items)
        source = OAuthTokenSource(
            grants: grants, cache: cache, lock: AccountLock(directory: directory),
            signIn: SignIn(
                grants: grants,
                clients: ClientSource(registrations: RegistrationStore(items: items), now: { clock.now }),
                lock: AccountLock(directory: directory),
                screen: .init(browser: { try await browser.visit($1) }, device: { _, _ in }),
                place: .init(hasBrowser: true, isRemote: false), now: { clock.now }),
            transport: { _ in HookedTransport(server: server) { try setting.before(items) } },
            interaction: try InteractionPolicy(
                fromCommandLine: setting.interaction, fromConfiguration: nil, hasTerminal: { true },
                variable: { _ in nil }),
            gitDeclines: { _ in setting.gitDeclines }, now: { clock.now })
        (self.cache, self.server, self.browser) = (cache, server, browser)
        account = try setting.account ?? .example()
    }

    /// Puts a grant of the account into the keyring.
    @discardableResult
    func grant(refreshToken: String? = "refresh-1", accessToken: String? = nil) throws -> Grant {
        let grant = Grant.example(of: account, refreshToken: refreshToken, accessToken: accessToken)
        try grants.save(grant)
        return grant
    }

    /// Puts an access token into memory that expires in `left` seconds and had a life of one hour. It is not fresh
    /// below 300 seconds.
    func cache(_ token: String, left: Int64) {
        let end = clock.now + left
        let cached = CachedAccessToken(
            token: Secret(token), username: nil, expiresAt: end, lifetime: 3600, freshUntil: end - 299)
        _ = cache.keep(cached, account: account.id, at: clock.now)
    }

    /// The token for a request.
    ///
    /// - Parameter contexts: the authentication contexts that the service wants (RFC 9470).
    func token(
        minTTL: Int? = nil, scope: [String] = [], contexts: [String] = []
    ) async throws -> CachedAccessToken {
        var request = CredentialRequest.git()
        if !contexts.isEmpty {
            let values = contexts.joined(separator: " ")
            request.wwwauth = ["Bearer error=\"insufficient_user_authentication\", acr_values=\"\(values)\""]
        }
        request.scope = scope
        request.minTTL = minTTL
        return try await source.token(of: account, for: request)
    }

    /// The text of the token for a request.
    func tokenText(minTTL: Int? = nil) async throws -> String? { try await token(minTTL: minTTL).token.exposedText }

    /// The refresh token in the keyring.
    var storedRefreshToken: String? {
        get throws { try grants.grant(account: account.id)?.refreshToken?.exposedText }
    }

    /// The forms that the token endpoint has received.
    var forms: [String] { server.requests.compactMap { $0.form?.exposedText } }
}

/// A transport that runs a function before each answer, and lets all other tasks run first.
struct HookedTransport: HTTPTransport {
    let server: ScriptedTransport
    let before: @Sendable () throws -> Void

    func send(_ request: HTTPRequest) async throws(OAuthError) -> HTTPResponse {
        for _ in 0..<100 { await Task.yield() }
        do {
            try before()
        } catch {
            throw .unreachable(host: request.url.host, reason: "\(error)")
        }
        return try await server.send(request)
    }
}

extension ScriptedTransport.Answer {
    /// A token response.
    static func tokens(_ access: String, refresh: String? = nil, expiresIn: Int? = 3600, scope: String? = nil) -> Self {
        var members = ["\"access_token\":\"\(access)\"", "\"token_type\":\"Bearer\""]
        if let refresh { members.append("\"refresh_token\":\"\(refresh)\"") }
        if let expiresIn { members.append("\"expires_in\":\(expiresIn)") }
        if let scope { members.append("\"scope\":\"\(scope)\"") }
        return .json("{" + members.joined(separator: ",") + "}")
    }

    /// An error response (RFC 6749 section 5.2).
    static func error(_ name: String, status: Int = 400) -> Self {
        .json("{\"error\":\"\(name)\",\"error_description\":\"said so\"}", status: status)
    }
}
