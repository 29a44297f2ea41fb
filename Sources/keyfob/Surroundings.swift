import FoundationEssentials
import Glibc
import KernelKeyring
import KeyfobCore

/// What the process was started with.
enum Surroundings {
    static func variable(_ name: String) -> String? {
        guard let value = unsafe getenv(name) else { return nil }
        return unsafe String(validatingCString: value)
    }

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
        ProcessInfo.processInfo.environment.filter { !$0.key.hasPrefix("GIT_") && !$0.key.hasPrefix("KEYFOB_") }
    }

    /// Where the locks are: `$XDG_RUNTIME_DIR/keyfob`, or that of the login where the variable is not passed on, or
    /// below the person's cache where there is no runtime directory at all (containers). Never a shared directory.
    static var runtimeDirectory: String {
        if let directory = variable("XDG_RUNTIME_DIR"), directory.hasPrefix("/") { return directory + "/keyfob" }
        let login = "/run/user/\(getuid())"
        if unsafe access(login, W_OK | X_OK) == 0 { return login + "/keyfob" }
        let home = variable("HOME") ?? ""
        let cache = variable("XDG_CACHE_HOME").flatMap { $0.hasPrefix("/") ? $0 : nil } ?? home + "/.cache"
        _ = unsafe mkdir(cache, 0o700)
        return cache + "/keyfob"
    }
}
