package import CredentialProtocol
import Subprocess
import SystemPackage

/// Asks git for its settings about a URL.
package struct GitConfigCommand: Sendable {
    let search: ExecutableSearch

    package init(search: ExecutableSearch) {
        self.search = search
    }

    /// git's settings for `request`; nil where there is no git, or git cannot say.
    package func settings(for request: CredentialRequest) async -> GitSettings? {
        guard let url = request.url, let git = search.path(of: "git") else { return nil }
        let arguments: Arguments = ["config", "-z", "--get-urlmatch", "credential", url.description]
        let result = try? await run(
            .path(FilePath(git)), arguments: arguments, output: .bytes(limit: 262_144), error: .discarded)
        return result.map { GitSettings(output: $0.standardOutput) }
    }
}
