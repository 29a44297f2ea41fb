import Console
import Glibc
import Secrets

/// The secret of a client that the user has registered.
enum ClientSecret {
    /// Reads the secret from standard input; if that is a terminal, prompts for it without echo. Returns nil if there is
    /// none.
    static func read() async throws -> Secret? {
        isatty(STDIN_FILENO) == 1 ? try await PastedLines.secret(Messages.clientSecret) : StandardInput.readSecret()
    }
}
