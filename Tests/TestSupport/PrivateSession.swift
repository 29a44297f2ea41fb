import Glibc
import Subprocess

/// A private desktop session for one test: a home, a runtime directory, a session bus and, if the test asks for it, a
/// real gnome-keyring. It neither reads nor writes anything of the user who runs the tests.
///
/// ```swift
/// try await PrivateSession.run { session in
///     try await session.withKeyring(.unlocked) { /* run programs with session.environment */ }
///     try await session.withKeyring(.locked) { /* the same keyring, locked after its restart */ }
/// }
/// ```
package struct PrivateSession: Sendable, Codable {
    /// The state of gnome-keyring's login collection.
    package enum KeyringState: Sendable {
        case unlocked
        /// As after a login without a password: the daemon runs but has not received the password.
        case locked
    }

    /// The home directory; empty at first.
    package let home: String

    /// `$XDG_RUNTIME_DIR`, with the mode 0700.
    package let runtimeDirectory: String

    /// The complete environment for a program in this session. It has no display and no terminal settings.
    package let environment: [String: String]

    /// The password of the login collection.
    package static let password = "correct horse"

    private static let serviceName = "org.freedesktop.secrets"

    /// Runs `body` in a session whose bus has no other programs and starts no services.
    @discardableResult
    package static func run<Result: Sendable>(_ body: (PrivateSession) async throws -> Result) async throws -> Result {
        try await withDirectory { directory in
            let session = PrivateSession(directory: directory, hasBus: true)
            let configuration = directory + "/bus.conf"
            try write(busConfiguration(socket: session.runtimeDirectory + "/bus"), to: configuration)
            let arguments = ["--config-file=\(configuration)", "--nofork", "--print-address=1"]
            return try await withChild(
                "dbus-daemon", arguments, session.environment,
                until: { output in
                    // The address is printed when the socket is listened on.
                    for try await _ in output.strings() { return }
                    throw Failure.ended("dbus-daemon")
                }, { try await body(session) })
        }
    }

    /// Runs `body` in a session without a bus.
    @discardableResult
    package static func runWithoutBus<Result: Sendable>(_ body: (PrivateSession) async throws -> Result) async throws
        -> Result
    {
        try await withDirectory { try await body(PrivateSession(directory: $0, hasBus: false)) }
    }

    /// Runs gnome-keyring while `body` runs. The collections stay in the home directory between two runs.
    @discardableResult
    package func withKeyring<Result: Sendable>(_ state: KeyringState, _ body: () async throws -> Result) async throws
        -> Result
    {
        let arguments = ["--foreground", "--components=secrets"] + (state == .unlocked ? ["--unlock"] : [])
        return try await Self.withChild(
            "gnome-keyring-daemon", arguments, environment, input: state == .unlocked ? Self.password : "",
            until: { _ in try await waitForOwner(of: Self.serviceName) }, body)
    }

    /// Lets a program own the name that reads all messages and never answers.
    @discardableResult
    package func withSilentOwner<Result: Sendable>(
        of name: String = serviceName, _ body: () async throws -> Result
    ) async throws -> Result {
        try await Self.withChild(
            "dbus-test-tool", ["black-hole", "--session", "--name=\(name)"], environment,
            until: { _ in try await waitForOwner(of: name) }, body)
    }

    /// Runs a program in the session to its end and returns its standard output; throws unless its exit status is 0.
    @discardableResult
    package func run(_ program: String, _ arguments: [String], input: String = "") async throws -> String {
        let result = try await Subprocess.run(
            .name(program), arguments: Arguments(arguments), environment: Self.custom(environment),
            input: .string(input), output: .string(limit: 1 << 20), error: .string(limit: 1 << 20))
        guard result.terminationStatus.isSuccess else {
            throw Failure.failed(program: program, standardError: result.standardError)
        }
        return result.standardOutput
    }

    /// Makes the calling process a program of this session. A child process of an exit test calls this first.
    ///
    /// - Parameter more: variables that replace or add to the session's.
    package func enter(with more: [String: String] = [:]) {
        // A child that hangs would block all tests, because waiting for it has no timeout.
        alarm(40)
        clearenv()
        for (name, value) in environment.merging(more, uniquingKeysWith: { $1 }) { unsafe setenv(name, value, 1) }
    }

    private func waitForOwner(of name: String) async throws {
        try await run("gdbus", ["wait", "--session", "--timeout=10", name])
    }

    private init(directory: String, hasBus: Bool) {
        home = directory + "/home"
        runtimeDirectory = directory + "/run"
        let path = unsafe getenv("PATH").map { unsafe String(cString: $0) } ?? "/usr/bin:/bin"
        var environment = ["PATH": path, "HOME": home, "XDG_RUNTIME_DIR": runtimeDirectory, "LC_ALL": "C.UTF-8"]
        if hasBus { environment["DBUS_SESSION_BUS_ADDRESS"] = "unix:path=\(runtimeDirectory)/bus" }
        // The settings with which a sanitizer of the tests (Tests/sanitize) reports about the programs in the session.
        for name in ["ASAN_OPTIONS", "TSAN_OPTIONS", "LD_PRELOAD"] {
            if let options = unsafe getenv(name) { environment[name] = unsafe String(cString: options) }
        }
        self.environment = environment
    }
}

extension PrivateSession {
    /// The reason why the session could not be used.
    package enum Failure: Error {
        case ended(String)
        case failed(program: String, standardError: String)
        case system(String, errno: Int32)
    }

    /// A bus for the same user only, without directories of services that could be started on demand.
    private static func busConfiguration(socket: String) -> String {
        """
        <busconfig>
          <type>session</type>
          <listen>unix:path=\(socket)</listen>
          <auth>EXTERNAL</auth>
          <policy context="default">
            <allow send_destination="*" eavesdrop="true"/>
            <allow eavesdrop="true"/>
            <allow own="*"/>
          </policy>
        </busconfig>
        """
    }

    /// Starts `program`, waits until `ready` returns, runs `body`, and ends the program.
    private static func withChild<Result: Sendable>(
        _ program: String, _ arguments: [String], _ environment: [String: String], input: String = "",
        until ready: (SubprocessOutputSequence) async throws -> Void, _ body: () async throws -> Result
    ) async throws -> Result {
        let end = TeardownStep.gracefulShutDown(allowedDurationToNextStep: .seconds(5))
        let result = try await Subprocess.run(
            .name(program), arguments: Arguments(arguments), environment: custom(environment),
            input: .string(input), output: .sequence, error: .discarded
        ) { execution in
            let result: Swift.Result<Result, any Error>
            do {
                try await ready(execution.standardOutput)
                result = .success(try await body())
            } catch {
                result = .failure(error)
            }
            await execution.teardown(using: [end])
            return result
        }
        return try result.closureResult.get()
    }

    /// Passes a directory with an empty `home` and `run` to `body`, and then removes it.
    private static func withDirectory<Result: Sendable>(_ body: (String) async throws -> Result) async throws -> Result
    {
        var template = Array("/tmp/keyfob-session-XXXXXX".utf8CString)
        guard let made = unsafe mkdtemp(&template) else { throw Failure.system("mkdtemp", errno: errno) }
        let directory = unsafe String(cString: made)
        let result: Swift.Result<Result, any Error>
        do {
            for name in ["home", "run"] {
                guard unsafe mkdir("\(directory)/\(name)", 0o700) == 0 else {
                    throw Failure.system("mkdir", errno: errno)
                }
            }
            result = .success(try await body(directory))
        } catch {
            result = .failure(error)
        }
        _ = try await Subprocess.run(
            .name("rm"), arguments: ["-rf", directory], output: .discarded, error: .discarded)
        return try result.get()
    }

    private static func write(_ text: String, to path: String) throws {
        let file = unsafe open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard file >= 0 else { throw Failure.system("open", errno: errno) }
        defer { close(file) }
        var text = text
        let written = text.withUTF8 { unsafe Glibc.write(file, $0.baseAddress, $0.count) }
        guard written == text.utf8.count else { throw Failure.system("write", errno: errno) }
    }

    private static func custom(_ environment: [String: String]) -> Environment {
        .custom(
            Dictionary(uniqueKeysWithValues: environment.map { (Environment.Key(stringLiteral: $0.key), $0.value) }))
    }
}
