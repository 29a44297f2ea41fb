/// The variables by which git finds its settings (git(1), git-config(1), "ENVIRONMENT").
package enum GitEnvironment {
    /// The variables that name settings of the person's own: what `git -c` has said, and files in place of the usual ones.
    private static let own: Set = [
        "GIT_CONFIG_GLOBAL", "GIT_CONFIG_SYSTEM", "GIT_CONFIG_NOSYSTEM", "GIT_CONFIG_COUNT", "GIT_CONFIG_PARAMETERS",
    ]

    /// The environment in which `git config` reads the settings of the command line, of the person and of the machine, and
    /// none of a repository.
    ///
    /// Of git's variables only those stay that name such settings: `GIT_DIR` and its kin name a repository, and
    /// `GIT_CONFIG` a file that git itself would not read. With a directory in which there can be no repository for `GIT_DIR`
    /// git looks for none, either.
    static func withoutRepository(_ environment: [String: String]) -> [String: String] {
        var result = environment.filter { !$0.key.hasPrefix("GIT_") || namesOwnSettings($0.key) }
        result["GIT_DIR"] = "/proc"
        return result
    }

    /// The environment in which `git config` reads what git itself would read here.
    static func asForGit(_ environment: [String: String]) -> [String: String] {
        environment.filter { $0.key != "GIT_CONFIG" }
    }

    /// Whether the settings are those of the usual files, which hold for the next command, too; and not what somebody has
    /// said for this command alone.
    package static func isUsual(_ environment: [String: String]) -> Bool {
        !environment.contains { namesOwnSettings($0.key) && $0.key != "GIT_CONFIG_NOSYSTEM" }
    }

    private static func namesOwnSettings(_ name: String) -> Bool {
        own.contains(name) || name.hasPrefix("GIT_CONFIG_KEY_") || name.hasPrefix("GIT_CONFIG_VALUE_")
    }
}
