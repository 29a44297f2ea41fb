import Testing

@testable import KeyfobCore

/// The version that git prints.
@Suite struct `The version of git` {
    @Test(
        arguments: [
            ("git version 2.39.5\n", GitVersion(2, 39)), ("git version 2.41.0.windows.1", GitVersion(2, 41)),
            ("git version 3.0.rc1 (Apple Git-1)", GitVersion(3, 0)), ("git 2.39", nil),
            ("hub version 2.39", nil), ("git version x.y", nil),
            ("", nil),
        ] as [(String, GitVersion?)])
    func `is read from git's output`(_ text: String, _ version: GitVersion?) {
        #expect(GitVersion(text) == version)
    }

    @Test func `is compared number by number`() {
        #expect(GitVersion(2, 9) < GitVersion(2, 41) && GitVersion(2, 46) < GitVersion(3, 0))
        #expect(!(GitVersion(2, 41) < .tellsChallenges) && GitVersion(2, 40) < .tellsChallenges)
    }
}
