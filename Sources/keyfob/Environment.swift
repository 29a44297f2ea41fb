import Files
import FoundationEssentials
import Glibc
import KernelKeyring
import KeyfobCore

/// What the process was started with.
enum Environment {
    static func variable(_ name: String) -> String? {
        guard let text = EnvironmentVariables.value(of: name) else { return nil }
        // A relative one would be a place in whatever directory this runs in.
        return name == "HOME" && !text.hasPrefix("/") ? nil : text
    }

    /// Makes sure that there is a home directory: without one, what is below it would be below `/`.
    ///
    /// - Throws: ``ConfigurationError`` if `HOME` is not set, or is no absolute path.
    static func requireHome() throws(ConfigurationError) {
        if variable("HOME") == nil { throw ConfigurationError.noHome }
    }

    /// All variables, as this process was given them.
    static var environment: [String: String] { ProcessInfo.processInfo.environment }

    /// The configuration files in the order of their precedence.
    static var configurationFiles: [String] { KeyNames.configurationFiles(variable: variable) }

    /// Whether a browser can be opened here: there is a graphical session, or a `$BROWSER`, or the program with which WSL
    /// opens the one of Windows.
    static var hasBrowser: Bool {
        ["DISPLAY", "WAYLAND_DISPLAY", "BROWSER"].contains { variable($0)?.isEmpty == false }
            || ExecutableSearch(path: variable("PATH")).path(of: "wslview") != nil
    }

    /// The environment for a child: ours, less what is between git, its helper and us.
    static var forChildren: [String: String] {
        environment.filter { !$0.key.hasPrefix("GIT_") && !$0.key.hasPrefix("KEYFOB_") }
    }

    /// The list of approved services, which keyfob writes itself; nil where there is no home directory.
    static var approvalsFile: String? { KeyNames.approvals(variable: variable) }

    /// What the person, the machine's administrator and the approved sign-ins say.
    ///
    /// - Throws: ``ConfigurationError`` for the first thing that is wrong in what people have written.
    static func configuration() throws(ConfigurationError) -> Configuration {
        let approvals = approvalsFile
        return try Configuration(files: configurationFiles.filter { $0 != approvals }, approvals: approvals)
    }

    /// Where the locks are: `$XDG_RUNTIME_DIR/keyfob`, or that of the login where the variable is not passed on, or
    /// below the person's cache where there is no runtime directory at all (containers). Never a shared directory.
    ///
    /// Root whose home belongs to another user has a directory of its own: in that user's it would shut them out.
    static var runtimeDirectory: String {
        if let directory = variable("XDG_RUNTIME_DIR"), directory.hasPrefix("/") { return directory + "/keyfob" }
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
