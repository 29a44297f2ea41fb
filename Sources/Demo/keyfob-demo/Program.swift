import AuthorizationServer
import FoundationEssentials
import Secrets

/// Sets the demonstration up, and always cleans up after it.
enum Program {
    /// The lifetime of an access token in seconds: long enough for two clones, short enough to see it expire.
    static let accessTokenLifetime = 15

    /// The account at the embedded authorization server; it protects nothing.
    static let account = (name: "demo", password: "demo")

    /// Runs the demonstration and returns the exit status: 0 if each step did what it says, 1 if not, 130 after Ctrl-C.
    static func run(mayOpenBrowser: Bool) async -> Int32 {
        do {
            try await Interrupts.cancelling { try await demonstrate(mayOpenBrowser: mayOpenBrowser) }
            Narrator.say("\nEach step worked as described. All processes have ended, and all data are deleted.")
            return 0
        } catch is Interrupted {
            Narrator.complain("interrupted; all processes have ended, and all data are deleted")
            return 130
        } catch {
            Narrator.complain("\(error)")
            return 1
        }
    }

    private static func demonstrate(mayOpenBrowser: Bool) async throws {
        let binaries = try Binaries.besideThisExecutable()
        let tools = try Tools.find(in: ProcessInfo.processInfo.environment)
        let introspectionSecret = Secret((0..<32).map { _ in UInt8.random(in: 0x61...0x7a) })
        var configuration = AuthorizationServerConfiguration(
            users: [account.name: Secret(account.password)],
            signInNote: "This is the authorization server of keyfob-demo. "
                + "Sign in as \(account.name) with the password \(account.password).",
            introspectionSecret: introspectionSecret)
        configuration.accessTokenLifetime = accessTokenLifetime

        try await PrivateSession.with { session in
            let browser = try BrowserChoice(mayOpenBrowser: mayOpenBrowser, session: session)
            let repository = try await PrivateRepository.make(tools: tools, session: session)
            try await AuthorizationServer(configuration).run { authorization in
                let gate = GitGate(issuer: authorization.issuer, secret: introspectionSecret)
                let backend = GitBackend(git: tools.git, projects: repository.projects, session: session)
                try await LoopbackListener.run(respond: { request, _ in await gate.respond(to: request, backend) }) {
                    port in
                    let origin = "http://127.0.0.1:\(port)"
                    let keys = KernelKeys(host: "127.0.0.1:\(port)")
                    defer { keys.remove() }
                    try session.configure(origin: origin, issuer: authorization.issuer, helper: binaries.helper)
                    try await session.withKeyring(tools) {
                        try await Demonstration(
                            session: session, tools: tools, binaries: binaries, browser: browser,
                            authorization: authorization, gate: gate, repository: repository, origin: origin, keys: keys
                        ).perform()
                    }
                }
            }
        }
    }
}

/// The reason why the demonstration failed.
struct DemoFailure: Error, CustomStringConvertible {
    var description: String
}

/// The executables that are demonstrated.
struct Binaries {
    var keyfob: String
    var helper: String

    /// Finds them beside this executable, because they are built into the same directory.
    static func besideThisExecutable() throws -> Binaries {
        let directory = try BrowserChoice.thisExecutable().split(separator: "/").dropLast().joined(separator: "/")
        let paths = ["keyfob", "git-credential-keyfob", "keyfob-main"].map { "/\(directory)/\($0)" }
        for path in paths where !FileManager.default.isExecutableFile(atPath: path) {
            throw DemoFailure(description: "\(path) does not exist; build it first: swift build")
        }
        return Binaries(keyfob: paths[0], helper: paths[1])
    }
}

/// The programs of the system that the demonstration needs.
struct Tools {
    var git: String
    var dbusDaemon: String
    var dbusSend: String
    var keyringDaemon: String

    static func find(in environment: [String: String]) throws -> Tools {
        func find(_ name: String, package: String) throws -> String {
            guard let path = path(of: name, in: environment) else {
                throw DemoFailure(description: "\(name) is not installed (Debian: apt-get install \(package))")
            }
            return path
        }
        return Tools(
            git: try find("git", package: "git"), dbusDaemon: try find("dbus-daemon", package: "dbus"),
            dbusSend: try find("dbus-send", package: "dbus"),
            keyringDaemon: try find("gnome-keyring-daemon", package: "gnome-keyring"))
    }

    /// The absolute path of an executable on `PATH`.
    static func path(of name: String, in environment: [String: String]) -> String? {
        (environment["PATH"] ?? "/usr/local/bin:/usr/bin:/bin").split(separator: ":").map { "\($0)/\(name)" }
            .first { FileManager.default.isExecutableFile(atPath: $0) }
    }
}
