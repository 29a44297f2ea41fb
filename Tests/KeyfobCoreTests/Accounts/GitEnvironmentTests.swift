import Testing

@testable import KeyfobCore

/// The environment variables with which keyfob runs `git config`.
@Suite struct `The environment of git config` {
    private static let own = [
        "GIT_CONFIG_GLOBAL": "/g", "GIT_CONFIG_SYSTEM": "/s", "GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_COUNT": "1",
        "GIT_CONFIG_KEY_0": "a.b", "GIT_CONFIG_VALUE_0": "c", "GIT_CONFIG_PARAMETERS": "'a.b=c'",
    ]

    private static let others = [
        "GIT_DIR": "/r", "GIT_COMMON_DIR": "/r", "GIT_WORK_TREE": "/w", "GIT_CONFIG": "/c", "GIT_INDEX_FILE": "/i",
        "GIT_OBJECT_DIRECTORY": "/o", "GIT_CEILING_DIRECTORIES": "/x", "GIT_EXEC_PATH": "e", "GIT_NAMESPACE": "n",
        "GIT_DISCOVERY_ACROSS_FILESYSTEM": "1", "GIT_TRACE": "/t", "GIT_PREFIX": "p", "GIT_TEMPLATE_DIR": "t",
    ]

    @Test func `keeps the variables for the user's own settings, and removes those that name a repository`() {
        let plain = ["HOME": "/h", "PATH": "/bin", "GITHUB_TOKEN": "x"]
        let all = plain.merging(Self.own) { $1 }.merging(Self.others) { $1 }
        #expect(
            GitEnvironment.withoutRepository(all)
                == plain.merging(Self.own) { $1 }.merging(["GIT_DIR": "/proc"]) { $1 })
        #expect(GitEnvironment.asForGit(all) == all.filter { $0.key != "GIT_CONFIG" })
    }
}
