import ArgumentParser
import Console
import CredentialProtocol
import Doors
import KeyfobCore

/// One request on standard input and what it comes to: the answer on standard output, or one line on standard error.
struct CredentialExchange {
    let dialect: any Dialect
    let composition: Composition

    /// The exchange that git-credential-keyfob hands over where it was given no options.
    static let fromGit = CredentialExchange(
        dialect: GitDialect(),
        composition: Composition(account: nil, interaction: nil, notesRoutes: true, isForGit: true))

    /// Answers the request.
    ///
    /// - Throws: `ExitCode` for anything but success; what there is to say has been said.
    func run(_ operation: Operation) async throws {
        try await composition.run { helper in
            let request = try dialect.decode(Input.readRequest(), for: operation)
            switch operation {
            case .get: try await get(request, helper)
            case .store: try await helper.store(request)
            case .erase: try await helper.erase(request)
            }
        }
    }

    private func get(_ request: CredentialRequest, _ helper: CredentialHelper) async throws {
        do {
            guard let answer = try await helper.get(request) else {
                if dialect.silentWhenNotOurs { return }
                throw NoCredential(request: request)
            }
            if composition.notesRoutes, let account = answer.account { composition.noteRoute(request, account) }
            try StandardOutput.write(dialect.encode(answer.response, for: request))
        } catch CredentialFailure.noAccountAndNoKeyring(let error) where dialect.silentWhenNotOurs {
            // Nobody can say that the host is ours: then git is told nothing at all.
            throw Silence(status: Report(error).status)
        }
    }
}
