import AuthorizationServer
import FoundationEssentials
import Secrets

/// The five steps. Each one shows something and then checks it.
struct Demonstration: Sendable {
    var session: PrivateSession
    var tools: Tools
    var binaries: Binaries
    var browser: BrowserChoice
    var authorization: RunningServer
    var gate: GitGate
    var repository: PrivateRepository
    /// The origin of the git server.
    var origin: String
    var keys: KernelKeys

    func perform() async throws {
        introduce()
        try await firstClone()
        try await showKeyring()
        try await secondClone()
        try await fetchAfterExpiry()
        try await logout()
    }

    private func introduce() {
        Narrator.say(
            """
            keyfob-demo: the real git clones a private repository, with one sign-in

            authorization server: \(authorization.issuer) (embedded)
            git server:           \(origin)/private.git (git http-backend; it requires tokens from that server)
            session:              \(session.root), with a bus and an unlocked GNOME Keyring of its own
                                  (\(PrivateSession.personHasBus ? "yours is not touched" : "none is running here"))
            access tokens live for \(Program.accessTokenLifetime) seconds here
            """)
    }

    // MARK: 1

    private func firstClone() async throws {
        Narrator.step(1, "the first clone needs a sign-in, which is the only one")
        switch browser.mode {
        case .open:
            Narrator.tell(
                "your browser opens; sign in as \(Program.account.name) with the password \(Program.account.password)")
        case .walk: Narrator.tell("there is no browser here, so keyfob-demo fills in the sign-in page")
        }
        let log = try await logging {
            try await git("clone", "\(origin)/private.git", "first").orThrow("the clone")
        }
        try check(log.count { $0.path == "/authorize" && $0.method == "GET" } == 1, "the browser was opened once")
        try check(
            log.filter { $0.path == "/token" }.map { $0.fields["grant_type"] } == ["authorization_code"],
            "one code was exchanged for tokens")
        try check(try contents("first/README.md") == "A private repository.\n", "the private file is here")
        try check(gate.counts.refused > 0 && gate.counts.passed > 0, "the git server refused requests without a token")
        try check(try await gitServerStatus(Secret("made-up")) == 401, "it refuses a made-up token")
    }

    // MARK: 2

    private func showKeyring() async throws {
        Narrator.step(2, "the labels and attributes in the keyring, which any program on the bus can read")
        let items = try await KeyringListing(tools: tools, session: session).items()
        for item in items {
            Narrator.tell("\"\(item.label)\" (\(item.collection))")
            for attribute in item.attributes { Narrator.tell("    \(attribute.name) = \(attribute.value)") }
        }
        let isInKernel = keys.holdToken
        Narrator.tell(
            "the access token is in the memory of the \(isInKernel ? "kernel" : "keyring") until it expires")
        try check(items.contains { $0.collection != "session" }, "the grant is in the keyring")
        try check(isInKernel || items.contains { $0.collection == "session" }, "the access token is in memory")
        let token = gate.lastToken?.exposedText ?? ""
        let shown = items.flatMap { item in [item.label] + item.attributes.flatMap { [$0.name, $0.value] } }
        try check(!token.isEmpty && !shown.contains { $0.contains(token) }, "no label or attribute holds the token")
        let status = try await keyfob("status").orThrow("keyfob status")
        try check(status.contains { $0.contains(origin) }, "keyfob status names \(origin)")
        try check(!status.contains { $0.contains(token) }, "keyfob status shows no token")
    }

    // MARK: 3

    private func secondClone() async throws {
        Narrator.step(3, "a second clone needs no sign-in")
        let log = try await logging {
            try await git("clone", "\(origin)/private.git", "second").orThrow("the second clone")
        }
        try check(!log.contains { $0.path == "/authorize" }, "no browser was opened")
        try check(try contents("second/README.md") == "A private repository.\n", "the private file is here")
    }

    // MARK: 4

    private func fetchAfterExpiry() async throws {
        Narrator.step(4, "the access token expires; the next fetch refreshes it")
        try await repository.publish("news.md", "A second commit.\n")
        let before = authorization.liveRefreshTokens
        try await untilExpiry()
        let log = try await logging {
            try await git("-C", "first", "pull", "--ff-only").orThrow("the fetch")
        }
        let refreshes = log.filter { $0.path == "/token" }
        try check(
            refreshes.map { $0.fields["grant_type"] } == ["refresh_token"] && !log.contains { $0.path == "/authorize" },
            "one refresh, and no browser")
        try check(
            refreshes.map(\.presented) == before
                && authorization.liveRefreshTokens == [refreshes[0].issuedRefreshToken],
            "the refresh token was rotated: \(before.joined()) is used, \(authorization.liveRefreshTokens.joined()) is valid"
        )
        try check(try contents("first/news.md") == "A second commit.\n", "the new commit is here")
    }

    private func untilExpiry() async throws {
        guard let token = gate.lastToken, let info = authorization.introspect(token) else { return }
        let seconds = max(0, info.expiry - Int64(Date.now.timeIntervalSince1970)) + 1
        Narrator.tell("waiting \(seconds) s until the access token has expired")
        try await Task.sleep(for: .seconds(seconds))
        try check(
            authorization.introspect(token) == nil, "the authorization server says that the old token is not valid")
        try check(try await gitServerStatus(token) == 401, "the git server refuses it")
    }

    // MARK: 5

    private func logout() async throws {
        Narrator.step(5, "logout revokes the tokens and deletes them")
        let before = authorization.liveRefreshTokens
        let log = try await logging { try await keyfob("logout", origin).orThrow("keyfob logout") }
        let revocations = log.filter { $0.path == "/revoke" && $0.status == 200 }
        try check(
            before.count == 1 && revocations.contains { $0.presented == before[0] },
            "the server was asked to revoke the refresh token")
        try check(
            authorization.liveRefreshTokens.isEmpty && authorization.liveAccessTokenCount == 0,
            "at the server, no refresh token and no access token is valid now")
        try check(
            try await KeyringListing(tools: tools, session: session).items().isEmpty && !keys.holdToken,
            "the keyring is empty, and the kernel holds no token")
        var quiet = session
        quiet.environment["KEYFOB_INTERACTION"] = "never"
        quiet.environment["GIT_TERMINAL_PROMPT"] = "0"
        let fetch = try await git("-C", "first", "fetch", in: quiet)
        try check(!fetch.succeeded, "git is refused now")
    }
}
