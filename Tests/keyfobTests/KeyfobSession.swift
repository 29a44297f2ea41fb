import AuthorizationServer
import FoundationEssentials
import KernelKeyring
import Secrets
import Subprocess
import SystemPackage
import TestSupport

/// A private session with the built programs, as a caller sees them.
struct KeyfobSession {
    let session: PrivateSession
    /// Added to the environment of each program.
    var environment: [String: String] = [:]

    /// The built programs: `$KEYFOB_BIN`, or the debug build.
    static var programs: URL {
        if let directory = ProcessInfo.processInfo.environment["KEYFOB_BIN"] { return URL(filePath: directory) }
        return repository.appending(path: ".build/debug")
    }

    static var repository: URL {
        URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    }

    /// The tests' browser, which signs in and returns.
    static var headlessBrowser: String { repository.appending(path: "Tests/TestSupport/browser/headless-browser").path }

    /// Runs `body` in a session with an unlocked keyring. Only a few sessions run at a time: with all at once, none
    /// would end within a minute, and each would slow down the time limits of the others.
    static func run<Result: Sendable>(
        _ body: (KeyfobSession) async throws -> Result
    ) async throws -> Result {
        await Turnstile.sessions.enter()
        let result: Swift.Result<Result, any Error>
        do {
            result = .success(try await runAtOnce(body))
        } catch {
            result = .failure(error)
        }
        await Turnstile.sessions.leave()
        return try result.get()
    }

    private static func runAtOnce<Result: Sendable>(
        _ body: (KeyfobSession) async throws -> Result
    ) async throws -> Result {
        try await PrivateSession.run { session in
            try await session.withKeyring(.unlocked) {
                let keyfob = KeyfobSession(session: session)
                let result: Swift.Result<Result, any Error>
                do { result = .success(try await body(keyfob)) } catch { result = .failure(error) }
                await keyfob.clearKernelMemory()
                return try result.get()
            }
        }
    }

    /// The session with a browser that adds a line to ``browserLog`` each time it is opened.
    func withBrowser(_ arguments: String = "") -> KeyfobSession {
        var copy = self
        copy.environment["BROWSER"] = "\(Self.headlessBrowser) --log \(browserLog) \(arguments) %s"
        return copy
    }

    var browserLog: String { session.home + "/browser.log" }

    /// How often a browser was opened.
    var browserOpenings: Int {
        let log = (try? String(contentsOfFile: browserLog, encoding: .utf8)) ?? ""
        return log.split(separator: "\n").count
    }

    /// Writes `config.toml`.
    func configure(_ toml: String) throws {
        let directory = URL(filePath: session.home + "/.config/keyfob")
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        try Data(toml.utf8).write(to: directory.appending(path: "config.toml"))
    }

    /// Runs one of the built programs to its end, without a terminal. The request is in a file, so the program may end
    /// before it has read it.
    func run(_ command: [String], _ stdin: [UInt8] = []) async throws -> CommandResult {
        try await run(path: Self.programs.appending(path: command[0]).path, Array(command.dropFirst()), stdin)
    }

    /// The same for any program.
    func run(path program: String, _ arguments: [String], _ stdin: [UInt8]) async throws -> CommandResult {
        let environment = session.environment.merging(environment) { $1 }
        let file = FilePath("\(session.home)/request-\(UUID().uuidString)")
        try Data(stdin).write(to: URL(filePath: file.string))
        let request = try FileDescriptor.open(file, .readOnly)
        let result = try await Subprocess.run(
            executable(program), arguments: Arguments(arguments),
            environment: .custom(
                Dictionary(
                    uniqueKeysWithValues: environment.map { (Environment.Key(stringLiteral: $0.key), $0.value) })),
            platformOptions: Self.withoutTerminal, input: .fileDescriptor(request, closeAfterSpawningProcess: true),
            output: .bytes(limit: 1 << 20),
            error: .bytes(limit: 1 << 20))
        var status: Int32 = -1
        if case .exited(let code) = result.terminationStatus { status = code }
        return CommandResult(stdout: result.standardOutput, stderr: result.standardError, status: status)
    }

    /// The same with text for the request.
    func run(_ command: [String], _ stdin: String) async throws -> CommandResult {
        try await run(command, Array(stdin.utf8))
    }

    private func executable(_ path: String) -> Executable { .path(FilePath(path)) }

    private static var withoutTerminal: PlatformOptions {
        var options = PlatformOptions()
        options.createSession = true
        return options
    }
}

extension CommandResult {
    var output: String { String(decoding: stdout, as: UTF8.self) }
    var complaint: String { String(decoding: stderr, as: UTF8.self) }
}

extension KeyfobSession {
    /// A path that no other session uses: sessions share the user's kernel memory, and ports are reused.
    var path: String { "git-" + String(session.home.split(separator: "/").dropLast().last ?? "") }

    /// The service of an authorization server, at its own origin.
    func service(of server: RunningServer) -> String { "\(server.origin)/\(path)" }

    /// Deletes this session's keys from kernel memory: the next session may get the same port, and so the same
    /// accounts.
    func clearKernelMemory() async {
        guard let keyring = KernelKeyring.existing() else { return }
        for account in await accounts() { keyring.remove(KeyNames.token(account: account)) }
        for route in keyring.names() where route.contains(path) {
            if let account = keyring.read(route)?.exposedText { keyring.remove(KeyNames.token(account: account)) }
            keyring.remove(route)
        }
    }

    /// The ids of the accounts with a sign-in, from the attributes of their items.
    private func accounts() async -> [String] {
        let found = try? await run(path: "/usr/bin/secret-tool", ["search", "--all", "kind", "grant"], [])
        let words = "attribute.id = "
        return (found.map { $0.output + $0.complaint } ?? "").split(separator: "\n").filter { $0.hasPrefix(words) }
            .map { String($0.dropFirst(words.count)) }
    }

    /// The configuration for the service of an authorization server.
    func configure(for server: RunningServer, _ more: String = "") throws {
        try configure(configuration(of: server, more))
    }

    func configuration(of server: RunningServer, _ more: String = "") -> String {
        """
        [host."\(service(of: server))"]
        issuer = "\(server.issuer)"
        client_id = "keyfob-demo"
        \(more)
        """
    }

    /// A request by git for that service.
    func question(about server: RunningServer, _ more: String = "") -> String {
        let scheme = server.origin.prefix { $0 != ":" }
        return "protocol=\(scheme)\nhost=127.0.0.1:\(server.port)\npath=\(path)/project.git\n\(more)\n"
    }
}

extension AuthorizationServerConfiguration {
    /// The demonstration's server. The user has already approved it.
    static var signingInAtOnce: AuthorizationServerConfiguration {
        var configuration = AuthorizationServerConfiguration()
        configuration.signsInAtOnceAs = configuration.users.keys.first
        return configuration
    }
}

extension String {
    /// The value of the line `password=`.
    var password: String? {
        split(separator: "\n").first { $0.hasPrefix("password=") }.map { String($0.dropFirst("password=".count)) }
    }

    var trimmingNewline: String { hasSuffix("\n") ? String(dropLast()) : self }
}
