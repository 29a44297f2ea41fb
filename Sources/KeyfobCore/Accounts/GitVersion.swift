/// The version that `git --version` prints, and the versions since which git passes more facts to helpers.
package struct GitVersion: Sendable, Equatable, Comparable {
    package let major, minor: Int

    package init(_ major: Int, _ minor: Int) { (self.major, self.minor) = (major, minor) }

    /// Reads `git version 2.39.5 (...)`.
    package init?(_ text: String) {
        let words = text.split { $0 == " " || $0 == "\n" }
        guard words.count >= 3, words[0] == "git", words[1] == "version" else { return nil }
        let numbers = words[2].split(separator: ".").prefix(2).compactMap { Int($0) }
        guard numbers.count == 2 else { return nil }
        self.init(numbers[0], numbers[1])
    }

    package static func < (left: GitVersion, right: GitVersion) -> Bool {
        (left.major, left.minor) < (right.major, right.minor)
    }

    /// Since this version git tells helpers the challenges of a service (`wwwauth[]`).
    package static let tellsChallenges = GitVersion(2, 41)
    /// Since this version git accepts other schemes than Basic and keeps a helper's state (`authtype`, `state[]`).
    package static let takesSchemes = GitVersion(2, 46)
}
