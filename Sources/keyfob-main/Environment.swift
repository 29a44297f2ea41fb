import Files
import FoundationEssentials
import Glibc
import KernelKeyring
import KeyfobCore
import Processes

/// The environment with which the process was started.
enum Environment {
    static func variable(_ name: String) -> String? {
        guard let text = EnvironmentVariables.value(of: name) else { return nil }
        // A relative home directory would depend on the working directory.
        return name == "HOME" && !text.hasPrefix("/") ? nil : text
    }

    /// Checks that there is a home directory. Without one, its subdirectories would be created below `/`.
    ///
    /// - Throws: ``ConfigurationError`` if `HOME` is not set or not an absolute path.
    static func requireHome() throws(ConfigurationError) {
        if variable("HOME") == nil { throw ConfigurationError.noHome }
    }

    /// All variables of this process.
    static var environment: [String: String] { ProcessInfo.processInfo.environment }

    /// The configuration files in order of priority.
    static var configurationFiles: [String] { KeyNames.configurationFiles(variable: variable) }

    /// Whether keyfob can open a browser here: there is a graphical session, a `$BROWSER`, or the program with which
    /// WSL opens the browser of Windows.
    static var hasBrowser: Bool {
        ["DISPLAY", "WAYLAND_DISPLAY", "BROWSER"].contains { variable($0)?.isEmpty == false }
            || ExecutableSearch(path: variable("PATH")).path(of: "wslview") != nil
    }

    /// The environment for child processes, without the variables between git, its helpers and keyfob.
    static var forChildren: [String: String] {
        environment.filter { !$0.key.hasPrefix("GIT_") && !$0.key.hasPrefix("KEYFOB_") }
    }

    /// The list of approved services, which keyfob writes itself; nil if there is no home directory.
    static var approvalsFile: String? { KeyNames.approvals(variable: variable) }

    /// The configuration of the user, the administrator and the approved sign-ins.
    ///
    /// - Throws: ``ConfigurationError`` for the first error in the files that people write.
    static func configuration() throws(ConfigurationError) -> Configuration {
        let approvals = approvalsFile
        return try Configuration(files: configurationFiles.filter { $0 != approvals }, approvals: approvals)
    }

    /// The directory for locks: `$XDG_RUNTIME_DIR/keyfob`; the login's runtime directory if this user cannot write into that,
    /// as after su; below the user's cache if there is no runtime directory (containers). Never a shared directory.
    ///
    /// If root uses another user's home, root gets its own directory: files of root in the user's directory would lock
    /// the user out.
    static var runtimeDirectory: String {
        if let directory = variable("XDG_RUNTIME_DIR"), directory.hasPrefix("/"), Paths.exists(directory),
            Paths.problem(withWritingInto: directory) == nil
        {
            return directory + "/keyfob"
        }
        let login = "/run/user/\(getuid())"
        if Paths.problem(withWritingInto: login) == nil { return login + "/keyfob" }
        let home = variable("HOME") ?? ""
        let cache = variable("XDG_CACHE_HOME").flatMap { $0.hasPrefix("/") ? $0 : nil } ?? home + "/.cache"
        if geteuid() == 0, [cache, home].contains(where: { OwnDirectory.foreignOwner(of: $0) != nil }) {
            return "/run/keyfob"
        }
        OwnDirectory.makeOne(cache)
        return cache + "/keyfob"
    }
}
