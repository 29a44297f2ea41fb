import FoundationEssentials
import Glibc

/// A private session for the demonstration: directories, configuration and environment. The user's own files, settings
/// and keyring are neither read nor written.
struct PrivateSession: Sendable {
    /// A new directory under /tmp with access for us only. Its path is short, because sockets are below it.
    let root: String

    /// The environment of every program that the demonstration runs.
    var environment: [String: String]

    /// The prefix under which the original values of changed variables are kept for the user's own browser. It is not
    /// `KEYFOB_`, because keyfob removes those variables from the environment of its child processes.
    static let keptPrefix = "DEMO_KEEPS_"

    /// Creates the session, runs `body` in it, and removes it with all its content.
    static func with<Result>(_ body: (PrivateSession) async throws -> Result) async throws -> Result {
        let session = try PrivateSession()
        defer {
            try? FileManager.default.removeItem(atPath: session.root)
        }
        return try await body(session)
    }

    private init() throws {
        root = try Self.temporaryDirectory()
        var variables: [String: String] = [:]
        for (name, value) in ProcessInfo.processInfo.environment {
            if Self.isPersonal(name) { variables[Self.keptPrefix + name] = value } else { variables[name] = value }
        }
        for (name, directory) in [
            ("HOME", "home"), ("XDG_RUNTIME_DIR", "run"), ("XDG_CONFIG_HOME", "config"), ("XDG_DATA_HOME", "data"),
            ("XDG_CACHE_HOME", "cache"), ("XDG_STATE_HOME", "state"),
        ] {
            variables[name] = "\(root)/\(directory)"
            try Self.makeDirectory("\(root)/\(directory)")
        }
        variables["DBUS_SESSION_BUS_ADDRESS"] = "unix:path=\(root)/run/bus"
        variables["GIT_CONFIG_GLOBAL"] = "\(root)/gitconfig"
        variables["GIT_CONFIG_NOSYSTEM"] = "1"
        variables["GIT_TERMINAL_PROMPT"] = nil
        variables["BROWSER"] = "\(root)/\(BrowserChoice.linkName)"
        environment = variables
    }

    /// Whether the user has a session bus, and so perhaps a keyring. This session uses neither.
    static var personHasBus: Bool {
        let environment = ProcessInfo.processInfo.environment
        let directory = environment["XDG_RUNTIME_DIR"] ?? "/run/user/\(getuid())"
        return environment["DBUS_SESSION_BUS_ADDRESS"] != nil
            || FileManager.default.fileExists(atPath: directory + "/bus")
    }

    /// Whether a variable leads out of the private session: to the user's files, bus, git settings or proxy.
    static func isPersonal(_ name: String) -> Bool {
        let prefixes = ["XDG_", "DBUS_", "GIT_", "KEYFOB_", "GNOME_KEYRING_", "SSH_ASKPASS", "SSL_CERT_", "SECRET_"]
        // On a desktop keyfob would first ask with a notification, and nothing in this session shows notifications.
        let names = ["HOME", "BROWSER", "GCM_INTERACTIVE", "DISPLAY", "WAYLAND_DISPLAY"]
        return names.contains(name) || prefixes.contains(where: name.hasPrefix) || name.lowercased().hasSuffix("_proxy")
    }

    /// Writes keyfob's configuration for the git server, and git's configuration for keyfob.
    func configure(origin: String, issuer: String, helper: String) throws {
        try Self.makeDirectory("\(root)/config/keyfob")
        try Self.write(
            """
            [host."\(origin)"]
            issuer = "\(issuer)"
            client_id = "keyfob-demo"
            scopes = ["read_repository"]

            """, to: "\(root)/config/keyfob/config.toml")
        // git passes an absolute path unchanged to the shell; other values need the shell's quotes.
        let isPlain = helper.utf8.allSatisfy { Character(Unicode.Scalar($0)).isPlainInAPath }
        let value = isPlain ? helper : "!'" + helper.split(separator: "'").joined(separator: "'\\''") + "'"
        try Self.write(
            """
            [user]
            \tname = keyfob-demo
            \temail = keyfob-demo@localhost
            [init]
            \tdefaultBranch = main
            [credential]
            \thelper = "\(value.map { "\"\\".contains($0) ? "\\\($0)" : String($0) }.joined())"

            """, to: "\(root)/gitconfig")
    }

    static func makeDirectory(_ path: String) throws {
        try FileManager.default.createDirectory(
            atPath: path, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
    }

    /// Writes a file for the user alone, whatever the umask is: keyfob refuses settings that others may write to.
    static func write(_ text: String, to path: String) throws {
        try Data(text.utf8).write(to: URL(filePath: path))
        try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: path)
    }

    private static func temporaryDirectory() throws -> String {
        var template = Array("/tmp/keyfob-demo-XXXXXX".utf8CString)
        guard unsafe mkdtemp(&template) != nil else {
            throw DemoFailure(description: "no directory can be made in /tmp (errno \(errno))")
        }
        return String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}

extension Character {
    /// Whether the character has no meaning to a shell.
    fileprivate var isPlainInAPath: Bool { isASCII && (isLetter || isNumber) || "/._-+".contains(self) }
}
