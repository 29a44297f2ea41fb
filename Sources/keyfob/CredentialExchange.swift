import ArgumentParser
import Console
import CredentialProtocol
import Doors
import KeyfobCore

/// One request on standard input and its answer: on standard output, or one line on standard error.
struct CredentialExchange {
    let dialect: any Dialect
    let composition: Composition

    /// The exchange for git-credential-keyfob without options.
    static let fromGit = CredentialExchange(
        dialect: GitDialect(),
        composition: Composition(account: nil, interaction: nil, notesRoutes: true, isForGit: true))

    /// Answers the request.
    ///
    /// - Throws: `ExitCode` for everything except success. All messages have been printed then.
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
            // Without a keyring, keyfob cannot tell whether it has a password for the host, so it tells git nothing.
            throw Silence(status: Report(error).status)
        }
    }
}
