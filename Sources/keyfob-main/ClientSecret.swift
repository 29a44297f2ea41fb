import Console
import Glibc
import Secrets

/// The secret of a client that the user has registered.
enum ClientSecret {
    /// Reads it from standard input; from the terminal with a prompt, and without showing what is typed, if standard input
    /// is one. Returns nil if nothing is there.
    static func read() async throws -> Secret? {
        isatty(STDIN_FILENO) == 1 ? try await ask() : StandardInput.readSecret()
    }

    /// Asks for it on the terminal. Returns nil if there is no terminal, or at its end.
    static func ask() async throws -> Secret? {
        guard var lines = PastedLines(orStandardInput: false) else { return nil }
        Terminal.write(Messages.clientSecret)
        let secret = try await lines.next()
        Terminal.write("\n")
        return secret
    }
}
