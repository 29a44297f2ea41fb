import KeyfobCore
import Secrets

/// git is installed, and new enough to pass a service's challenges to helpers.
struct GitCheck: Check {
    let id = "git"

    /// Longer than the patience of ``ProgramParts/git``, so that a git that hangs is reported as one.
    let limit = Duration.seconds(5)

    func look(_ context: CheckContext) throws -> Finding {
        let git = context.parts.git
        do throws(ConfigurationError) {
            guard let version = try git.version() else {
                return .warning(
                    "git is not installed, or does not print its version",
                    hints: ["install git, if it is to use keyfob"])
            }
            context.notes.note { $0.gitVersion = version }
            return Self.finding(version, unheeded: (try? git.unheededSettings()) ?? [])
        } catch {
            guard case .gitTimedOut(let seconds) = error.problem else { throw error }
            return .failed(
                "git did not answer within \(seconds) seconds",
                hints: ["run git --version to see what git waits for"], exitStatus: 78)
        }
    }

    /// - Parameter unheeded: the names of settings that git uses in this directory and keyfob does not.
    static func finding(_ version: GitVersion, unheeded: [String]) -> Finding {
        let number = "\(version.major).\(version.minor)"
        let details: [String: Finding.Detail] = ["version": .text(number)]
        if !unheeded.isEmpty {
            return .warning(
                "git \(number); keyfob does not heed settings of this directory alone: "
                    + unheeded.prefix(5).map(Printable.address).joined(separator: ", "),
                hints: ["to make keyfob use them, set them for all directories: git config --global NAME VALUE"],
                details)
        }
        if version < .tellsChallenges {
            return .warning(
                "git \(number) does not tell helpers what a service asks for (wwwauth, git 2.41)",
                hints: ["sign in to a new host by name" + CheckContext.loginByName], details)
        }
        let isBasicOnly = version < .takesSchemes
        return .ok("git \(number)" + (isBasicOnly ? ", which supports only Basic (authtype, git 2.46)" : ""), details)
    }
}
