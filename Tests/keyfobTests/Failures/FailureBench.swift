import AuthorizationServer
import KernelKeyring
import Secrets
import Synchronization
import TestSupport
import Testing

/// What a failure is to a caller: a row of the failure table.
struct FailureRow: Sendable, CustomTestStringConvertible {
    var testDescription: String
    /// What the server sends in place of its own answer.
    var answer: ScriptedResponse = .lostRequest
    var status: Int32 = 75
    /// Stands in the first line of standard error.
    var says: String
    /// The beginning of a `hint:` line; nil where there must be none.
    var hint: String? = "try again later; nothing was deleted"
    /// Whether the refresh token is kept.
    var keepsGrant = true
    /// Whether the client that keyfob registered is kept.
    var keepsRegistration = true
    /// How many requests the server sees.
    var requests = 1

    /// Nothing on standard output, the status, one line that says what is the matter, and the hint. Before that there may
    /// be what a person was told about where to sign in.
    func check(_ result: CommandResult) {
        let lines = result.complaint.split(separator: "\n")
        let end = lines.lastIndex { $0.hasPrefix("keyfob: ") } ?? 0
        let hints = lines.dropFirst(end + 1)
        #expect(result.status == status, "\(result.complaint)")
        #expect(result.stdout.isEmpty)
        let whereToSignIn = ["keyfob: sign in to ", "keyfob: asks to: ", "hint: if no "]
        #expect(lines.prefix(end).allSatisfy { line in whereToSignIn.contains { line.hasPrefix($0) } })
        #expect(lines.dropFirst(end).first?.contains(says) == true, "\(result.complaint)")
        #expect(hints.allSatisfy { $0.hasPrefix("hint: ") }, "\(result.complaint)")
        if let hint {
            #expect(hints.contains { $0.hasPrefix("hint: " + hint) }, "\(result.complaint)")
        } else {
            #expect(hints.isEmpty, "\(result.complaint)")
        }
    }
}

/// A server, a session, and the person's own client or one that keyfob registers: where the rows of the table happen.
struct FailureBench {
    /// Who keyfob is to the server.
    enum Identity: Sendable {
        /// The client of the configuration.
        case configured
        /// A client that keyfob registers itself (RFC 7591).
        case registered
    }

    let server: RunningServer
    /// With a browser, which signs in when it is opened.
    var session: KeyfobSession

    /// In which nobody may be asked.
    var quiet: KeyfobSession {
        var copy = session
        copy.environment["KEYFOB_INTERACTION"] = "never"
        return copy
    }

    var service: String { session.service(of: server) }

    /// Lends a bench.
    ///
    /// - Parameters:
    ///   - more: what else stands in the configuration of the host.
    ///   - change: how the server departs from the straight path, on which the person has agreed already.
    static func run(
        _ identity: Identity = .configured, more: String = "",
        _ change: @Sendable (inout AuthorizationServerConfiguration) -> Void = { _ in },
        _ body: (FailureBench) async throws -> Void
    ) async throws {
        var configuration = AuthorizationServerConfiguration.signingInAtOnce
        if identity == .registered { configuration.registration.access = .open }
        change(&configuration)
        try await KeyfobSession.run { session in
            try await AuthorizationServer(configuration).run { server in
                let bench = FailureBench(server: server, session: session.withBrowser("--user demo --password demo"))
                try bench.configure(identity, more)
                // When the server may be asked again is remembered for an origin; and ports come again, also after a test
                // that was killed.
                func forget() { KernelKeyring.existing()?.remove(KeyNames.notBefore(origin: server.origin)) }
                forget()
                defer { forget() }
                try await body(bench)
            }
        }
    }

    private func configure(_ identity: Identity, _ more: String) throws {
        let client = identity == .configured ? "client_id = \"keyfob-demo\"\n" : ""
        try session.configure("[host.\"\(service)\"]\nissuer = \"\(server.issuer)\"\n\(client)\(more)\n")
    }

    /// From now on what is asked of paths that begin so is answered in this way; nil ends it.
    func fail(_ path: String, with answer: ScriptedResponse?) {
        server.intercept { _, asked in asked.hasPrefix(path) ? answer : nil }
    }

    /// The first requests to paths that begin so are answered in this way, one after the other, and then all is well.
    func fail(_ path: String, once answers: [ScriptedResponse]) {
        let script = Script(answers)
        server.intercept { _, asked in asked.hasPrefix(path) ? script.next() : nil }
    }

    /// How many requests there were to paths that begin so.
    func requests(to path: String) -> Int { server.requestLog.count { $0.path.hasPrefix(path) } }

    /// git's question.
    func get(asking: Bool = false) async throws -> CommandResult {
        try await (asking ? session : quiet).run(["git-credential-keyfob", "get"], session.question(about: server))
    }

    func login(_ options: [String] = []) async throws -> CommandResult {
        try await session.run(["keyfob", "login"] + options + [service])
    }

    /// Signs in, and gives the access token.
    func signIn() async throws -> String {
        let result = try await get(asking: true)
        return try #require(result.output.password, "\(result.complaint)")
    }

    /// git's word that the token was refused: what is asked for next has to be refreshed.
    func erase(_ token: String) async throws {
        let refused = session.question(about: server, "password=\(token)\n")
        #expect(try await session.run(["git-credential-keyfob", "erase"], refused).status == 0)
    }

    /// Lets the token in kernel memory be no longer fresh, and live on.
    func age() throws {
        let keyring = try #require(KernelKeyring.existing())
        for route in keyring.names() where route.contains(session.path) {
            let name = try KeyNames.token(account: #require(keyring.read(route)?.exposedText))
            var token = try #require(keyring.read(name).flatMap { CachedAccessToken(payload: $0) })
            token.freshUntil = 0
            try keyring.write(name, token.payload, lifetime: 600)
        }
    }

    /// How many clients registered.
    var registrations: Int { server.requests(to: "/register").count }

    /// Whether the keyring has a client that keyfob registered.
    var hasRegistration: Bool {
        get async throws {
            !(try await session.session.run("secret-tool", ["search", "--all", "kind", "registration"])).isEmpty
        }
    }

    /// A refresh that fails as `row` says, and what is left when the server is well again.
    func checkRefresh(_ row: FailureRow) async throws {
        try await erase(try await signIn())
        let (before, hadRegistration) = (requests(to: "/token"), try await hasRegistration)
        fail("/token", with: row.answer)
        row.check(try await get())
        #expect(requests(to: "/token") - before == row.requests)
        server.intercept(nil)
        #expect(try await get().status == (row.keepsGrant ? 0 : 77))
        #expect(try await hasRegistration == (hadRegistration && row.keepsRegistration))
        #expect(session.browserOpenings == 1)
    }
}

/// Answers, given one after the other.
private final class Script: Sendable {
    private let left: Mutex<[ScriptedResponse]>

    init(_ answers: [ScriptedResponse]) { left = Mutex(answers) }

    func next() -> ScriptedResponse? {
        left.withLock { $0.isEmpty ? nil : $0.removeFirst() }
    }
}
