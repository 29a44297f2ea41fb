import Console
import Glibc
import KeyfobCore
import OAuth
import Secrets

extension Composition {
    /// Makes a client that the user has registered that of the account. Its id is written down with the approval.
    func use(
        _ id: String, _ secret: Secret?, for account: inout Account, _ approval: inout Configuration.Host?
    ) {
        let client = Client(id: id, secret: secret, authentication: secret == nil ? .none : .basic)
        account.client = client
        var host = approval ?? Configuration.Host(service: account.service)
        if approval == nil, case .issuer = account.server {
            (host.server, host.reach) = (account.server, account.reach)
        }
        host.clientID = id
        approval = host
    }

    /// Keeps the secret of the user's client in the keyring for the next sign-in. It has worked: a mistyped one does not
    /// replace the one before.
    func keepSecret(ofClientOf account: Account, _ grant: Grant?) throws {
        guard let client = account.client, client.secret != nil else { return }
        try registrations.save(
            ClientRegistration(
                issuer: grant?.issuer ?? account.server.identifier, client: client, redirectURIs: [], isByPerson: true))
    }
}

/// The secret of a client that the user has registered.
enum ClientSecret {
    /// Reads it from standard input, or from the terminal with a prompt and without echo if standard input is one. Returns
    /// nil if the input is empty.
    static func read() async throws -> Secret? {
        isatty(STDIN_FILENO) == 1
            ? try await PastedLines.secret(Messages.clientSecret) : StandardInput.readSecret()
    }
}
