/// The variables by which git finds its settings (git(1), git-config(1), "ENVIRONMENT").
enum GitEnvironment {
    /// The variables for settings of the user's own: those of `git -c`, and files that replace the usual ones.
    private static let own: Set = [
        "GIT_CONFIG_GLOBAL", "GIT_CONFIG_SYSTEM", "GIT_CONFIG_NOSYSTEM", "GIT_CONFIG_COUNT", "GIT_CONFIG_PARAMETERS",
    ]

    /// The environment in which `git config` reads the settings of the command line, of the user and of the machine, and
    /// none of a repository.
    ///
    /// Only the variables of such settings stay: `GIT_DIR` and others name a repository, and `GIT_CONFIG` a file that git
    /// itself would not read. `GIT_DIR` becomes a directory that cannot be a repository, so git does not look for one.
    static func withoutRepository(_ environment: [String: String]) -> [String: String] {
        var result = environment.filter { !$0.key.hasPrefix("GIT_") || namesOwnSettings($0.key) }
        result["GIT_DIR"] = "/proc"
        return result
    }

    /// The environment in which `git config` reads the files that git itself would read here.
    static func asForGit(_ environment: [String: String]) -> [String: String] {
        environment.filter { $0.key != "GIT_CONFIG" }
    }

    private static func namesOwnSettings(_ name: String) -> Bool {
        own.contains(name) || name.hasPrefix("GIT_CONFIG_KEY_") || name.hasPrefix("GIT_CONFIG_VALUE_")
    }
}
