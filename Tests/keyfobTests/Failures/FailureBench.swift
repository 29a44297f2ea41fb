import AuthorizationServer
import KernelKeyring
import OAuth
import Secrets
import Synchronization
import TestSupport
import Testing

@testable import KeyfobCore

/// The effect of a failure for a caller: a row of the failure table.
struct FailureRow: Sendable, CustomTestStringConvertible {
    var testDescription: String
    /// The server's answer instead of the normal one.
    var answer: ScriptedResponse = .lostRequest
    var status: Int32 = 75
    /// A part of the first line of standard error.
    var says: String
    /// The beginning of a `hint:` line; nil if there must be none.
    var hint: String? = "try again later; nothing was deleted"
    /// Whether the refresh token is kept.
    var keepsGrant = true
    /// Whether the client that keyfob registered is kept.
    var keepsRegistration = true
    /// The number of requests that the server receives.
    var requests = 1

    /// Checks that there is no standard output, and checks the status, the error line and the hint. Before the error
    /// line, lines about the sign-in are allowed.
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
        HintCommands.check(lines)
        if let hint {
            #expect(hints.contains { $0.hasPrefix("hint: " + hint) }, "\(result.complaint)")
        } else {
            #expect(hints.isEmpty, "\(result.complaint)")
        }
    }
}

/// A server, a session, and a client (the user's own, or one that keyfob registers) for the rows of the table.
struct FailureBench {
    /// keyfob's client at the server.
    enum Identity: Sendable {
        /// The client in the configuration.
        case configured
        /// A client that keyfob registers itself (RFC 7591).
        case registered
    }

    let server: RunningServer
    /// A browser signs in as soon as it is opened.
    var session: KeyfobSession

    /// keyfob may not ask the user.
    var quiet: KeyfobSession {
        var copy = session
        copy.environment["KEYFOB_INTERACTION"] = "never"
        return copy
    }

    var service: String { session.service(of: server) }

    /// Runs `body` with a bench.
    ///
    /// - Parameters:
    ///   - more: further lines in the host's configuration.
    ///   - change: changes the server's configuration. The user has already approved the server.
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
                // keyfob remembers for each endpoint when it may ask again, and for each client which forms of its secret were
                // in vain. A later test, also after a killed one, can get the same port.
                func forget() {
                    guard let keyring = KernelKeyring.existing() else { return }
                    let paused = KeyNames.notBefore(address: server.origin)
                    for name in keyring.names() where name.hasPrefix(paused) { keyring.remove(name) }
                    for id in configuration.clients.map(\.id) {
                        keyring.remove(KeyNames.forms(client: ClientSource.name(Client(id: id), server.issuer)))
                    }
                }
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

    /// From now on, requests for paths with this prefix get this answer; nil ends that.
    func fail(_ path: String, with answer: ScriptedResponse?) {
        server.intercept { _, asked in asked.hasPrefix(path) ? answer : nil }
    }

    /// The first requests for paths with this prefix get these answers, one each; later ones succeed.
    func fail(_ path: String, once answers: [ScriptedResponse]) {
        let script = Script(answers)
        server.intercept { _, asked in asked.hasPrefix(path) ? script.next() : nil }
    }

    /// The number of requests for paths with this prefix.
    func requests(to path: String) -> Int { server.requestLog.count { $0.path.hasPrefix(path) } }

    /// A request by git.
    func get(asking: Bool = false) async throws -> CommandResult {
        try await (asking ? session : quiet).run(["git-credential-keyfob", "get"], session.question(about: server))
    }

    func login(_ options: [String] = []) async throws -> CommandResult {
        try await session.run(["keyfob", "login"] + options + [service])
    }

    /// Signs in, and returns the access token.
    func signIn() async throws -> String {
        let result = try await get(asking: true)
        return try #require(result.output.password, "\(result.complaint)")
    }

    /// Erases the token as git does after a rejection, so that the next request needs a refresh.
    func erase(_ token: String) async throws {
        let refused = session.question(about: server, "password=\(token)\n")
        #expect(try await session.run(["git-credential-keyfob", "erase"], refused).status == 0)
    }

    /// Makes the token in kernel memory too old for an answer, but still valid.
    func age() throws {
        let keyring = try #require(KernelKeyring.existing())
        for route in keyring.names() where route.contains(session.path) {
            let name = try KeyNames.token(account: #require(keyring.read(route)?.exposedText))
            var token = try #require(keyring.read(name).flatMap { CachedAccessToken(payload: $0) })
            token.freshUntil = 0
            try keyring.write(name, token.payload, lifetime: 600)
        }
    }

    /// The number of registered clients.
    var registrations: Int { server.requests(to: "/register").count }

    /// Whether the keyring has a client that keyfob registered.
    var hasRegistration: Bool {
        get async throws {
            !(try await session.session.run("secret-tool", ["search", "--all", "kind", "registration"])).isEmpty
        }
    }

    /// Does a refresh that fails as in `row`, and checks what is left after the server has recovered.
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
