package import CredentialProtocol
import KernelKeyring
import SecretService
import Secrets

/// The operations `get`, `store` and `erase`.
///
/// A request names a service. If the service has an account, the answer is an access token of that account: the
/// ``TokenSource`` finds one, refreshes one, or asks the user to sign in. If the service has no account, keyfob only stores
/// passwords that the user gave to git, as git-credential-libsecret does.
package struct CredentialHelper: Sendable {
    let accounts: AccountDirectory
    let passwords: PasswordStore
    let tokens: any TokenSource
    let serviceApproval: ServiceApproval?

    /// - Parameter serviceApproval: finds the authorization servers of services that are not configured.
    package init(
        accounts: AccountDirectory, passwords: PasswordStore, tokens: some TokenSource,
        serviceApproval: ServiceApproval? = nil
    ) {
        self.accounts = accounts
        self.passwords = passwords
        self.tokens = tokens
        self.serviceApproval = serviceApproval
    }

    /// A credential, and the account that it belongs to.
    package struct Answer: Sendable {
        package var response: CredentialResponse
        /// The account whose access token this is; nil for a stored password.
        package var account: Account?
        /// The key of a stored password in kernel memory.
        package var key: String?
    }

    /// Finds a credential for `request`. Returns nil if there is none, and no account that could get one.
    ///
    /// - Parameter alternatives: other stored passwords that the caller accepts. They cost no further look-up.
    /// - Throws: ``CredentialFailure`` if there is an account but no token now; also `OAuthError`, `SecretServiceError`
    ///   and ``ConfigurationError``.
    package func get(
        _ request: CredentialRequest, alternatives: PasswordStore.Alternatives = .none
    ) async throws -> Answer? {
        let request = request.askingForChallengedScopes
        if let account = try accounts.configuredAccount(for: request) {
            return try await token(of: account, for: request)
        }
        // A stored password costs one D-Bus call, git's settings cost a process. So the password comes first.
        let (stored, absence) = try storedPasswords(for: request, alternatives)
        if let password = stored.best { return Answer(response: password, key: stored.bestKey) }
        if let account = try await accounts.accountFromGit(for: request) {
            return try await token(of: account, for: request)
        }
        try accounts.refuseUnknownApproval(of: request)
        if let answer = try await serviceApproval?.approving(request, { try await token(of: $0, for: request) }) {
            return answer
        }
        // Without a provider, keyfob cannot know whether a password was stored for a service without an account.
        if let absence { throw CredentialFailure.noAccountAndNoKeyring(absence) }
        return stored.alternative.map { Answer(response: $0) }
    }

    /// The same as ``get(_:alternatives:)`` for a user whose last credential no longer works: another access token takes the
    /// place of a remembered one, as if the service had refused it (``TokenState``).
    package func renew(
        _ request: CredentialRequest, alternatives: PasswordStore.Alternatives = .none
    ) async throws -> Answer? {
        let answer = try await get(request, alternatives: alternatives)
        guard let answer, answer.response.continue else { return answer }
        var request = request
        request.state = answer.response.state
        return try await get(request, alternatives: alternatives)
    }

    /// The stored passwords for `request`, or why there is no Secret Service that could have any.
    private func storedPasswords(
        for request: CredentialRequest, _ alternatives: PasswordStore.Alternatives
    ) throws -> (PasswordStore.Found, absence: SecretServiceError?) {
        do {
            return (try passwords.find(for: request, alternatives), nil)
        } catch let error where error.isMissingService {
            return (PasswordStore.Found(), error)
        }
    }

    /// Stores the credential in `request`, unless it is ephemeral or incomplete.
    ///
    /// Nothing is stored for a service with an account. There git stores a token that keyfob gave it, and as a password
    /// it would outlive the token.
    package func store(_ request: CredentialRequest) async throws {
        guard !request.ephemeral, !PasswordEntry.all(in: request).isEmpty else { return }
        guard try accounts.configuredAccount(for: request) == nil, try !passwords.holds(request),
            try await accounts.accountFromGit(for: request) == nil
        else { return }
        try passwords.store(request)
    }

    /// Deletes the credential in `request`, which the service has refused.
    ///
    /// An account loses only its access token, and only if the service refused exactly that token. The next `get` refreshes.
    ///
    /// - Parameter user: the user whose password is deleted, if the caller stores its secrets under a name of its own; nil
    ///   for the user that `request` names, or any.
    package func erase(_ request: CredentialRequest, storedFor user: String? = nil) async throws {
        if try await discard(request) { return }
        var stored = request
        stored.username = user ?? request.username
        try passwords.erase(stored)
        // The cache may hold a token of an account that only an approval names.
        try accounts.refuseUnknownApproval(of: request)
    }

    /// Deletes the access token in `request`, which the service has refused, and no stored password.
    ///
    /// - Returns: whether it was a token of the account.
    @discardableResult
    package func discard(_ request: CredentialRequest) async throws -> Bool {
        guard let account = try await accounts.account(for: request) else { return false }
        return try await tokens.discard(request.credential ?? request.password, of: account)
    }

    private func token(of account: Account, for request: CredentialRequest) async throws -> Answer {
        var request = request
        // git's settings for the service also count for its mail servers.
        if request.url == nil { request.move(to: account.service) }
        let token = try await tokens.token(of: account, for: request)
        let response = CredentialResponse(
            accessToken: token.token, username: account.username, expiresAt: token.expiresAt,
            state: TokenState(account: account.id, serial: token.serial), to: request)
        return Answer(response: response, account: account)
    }
}

extension CredentialRequest {
    /// The request, with the scopes that the last token lacked according to the service (RFC 6750 section 3.1).
    fileprivate var askingForChallengedScopes: CredentialRequest {
        guard let challenge = AuthenticationChallenge.bearer(in: wwwauth), challenge.error == "insufficient_scope"
        else { return self }
        var request = self
        request.scope += (challenge.scope ?? []).filter { !scope.contains($0) }
        return request
    }
}
