package import CredentialProtocol
import KernelKeyring
import SecretService
import Secrets

/// The program: what `get`, `store` and `erase` do.
///
/// A request names a service. Where that service has an account, the answer is an access token of that account: the
/// ``TokenSource`` finds one, refreshes one or has the person sign in. Where it has none, keyfob is a plain store for
/// the passwords that git was given by a person, as git-credential-libsecret is.
package struct CredentialHelper: Sendable {
    let accounts: AccountDirectory
    let passwords: PasswordStore
    let tokens: any TokenSource
    let serviceApproval: ServiceApproval?
    let answered: @Sendable (CredentialRequest, Account) -> Void

    /// - Parameters:
    ///   - serviceApproval: makes services known that nobody configured.
    ///   - answered: told which account has answered a request, so that a door can answer the next one alone.
    package init(
        accounts: AccountDirectory, passwords: PasswordStore, tokens: some TokenSource,
        serviceApproval: ServiceApproval? = nil,
        answered: @escaping @Sendable (CredentialRequest, Account) -> Void = { _, _ in }
    ) {
        self.accounts = accounts
        self.passwords = passwords
        self.tokens = tokens
        self.serviceApproval = serviceApproval
        self.answered = answered
    }

    /// Finds a credential for `request`; nil where there is none and no account that could get one.
    ///
    /// - Throws: ``CredentialFailure`` where there is an account and its token cannot be had now, and whatever the
    ///   borders throw: `OAuthError`, `SecretServiceError`, ``ConfigurationError``.
    package func get(_ request: CredentialRequest) async throws -> CredentialResponse? {
        let request = request.askingForChallengedScopes
        if let account = try accounts.configuredAccount(for: request) {
            return try await token(of: account, for: request)
        }
        // A stored password is one D-Bus call away; git's settings cost a process. So the password is looked up first.
        let absence: SecretServiceError?
        do {
            if let password = try passwords.password(for: request) { return password }
            absence = nil
        } catch SecretServiceError.noBus(let reason) {
            absence = .noBus(reason)
        } catch SecretServiceError.noProvider {
            absence = .noProvider
        }
        if let account = try await accounts.accountFromGit(for: request) {
            return try await token(of: account, for: request)
        }
        try accounts.refuseUnknownApproval(of: request)
        if let answer = try await serviceApproval?.approving(request, { try await token(of: $0, for: request) }) {
            return answer
        }
        // Without a provider nobody can say whether a password was ever kept for a service without an account.
        if let absence { throw CredentialFailure.noAccountAndNoKeyring(absence) }
        return nil
    }

    /// The password that is stored for the service of `request` without a path; nil if there is none, or the service has an
    /// account. git names no path unless it is told to, so most passwords are stored like that.
    package func passwordStoredWithoutPath(for request: CredentialRequest) throws -> CredentialResponse? {
        guard try accounts.configuredAccount(for: request) == nil else { return nil }
        var whole = request
        whole.path = nil
        return try PasswordStore(items: passwords.items, paths: .exact).password(for: whole)
    }

    /// The password that is stored for `username`, with the path of `request` and no other; nil if there is none, or the
    /// service has an account.
    package func password(storedFor username: String, _ request: CredentialRequest) throws -> CredentialResponse? {
        guard try accounts.configuredAccount(for: request) == nil else { return nil }
        var kept = request
        kept.username = username
        return try PasswordStore(items: passwords.items, paths: .exact).password(for: kept)
    }

    /// Keeps the credential in `request`, if there is one worth keeping.
    ///
    /// A service with an account keeps no passwords: what git stores there is a token that we gave, or one that we gave
    /// a moment ago and have since renewed. Kept as a password it would outlive its token.
    package func store(_ request: CredentialRequest) async throws {
        guard !request.ephemeral, request.username != nil, request.password != nil else { return }
        guard try accounts.configuredAccount(for: request) == nil, try !passwords.holds(request),
            try await accounts.accountFromGit(for: request) == nil
        else { return }
        try passwords.store(request)
    }

    /// Forgets the credential in `request`, which the service has refused.
    ///
    /// Of an account only the access token goes, and only if it is the one that was refused: the next `get` refreshes.
    ///
    /// - Parameter user: the user whose password goes, if the caller keeps what it hands over for one; nil: the user that
    ///   `request` names, or any.
    package func erase(_ request: CredentialRequest, storedFor user: String? = nil) async throws {
        if let account = try await accounts.account(for: request) {
            let refused = request.credential ?? request.password
            if try await tokens.discard(refused, of: account) { return }
        }
        var stored = request
        stored.username = user ?? request.username
        try passwords.erase(stored)
        // Its token may be in memory, under the name of an account that nobody can tell now.
        try accounts.refuseUnknownApproval(of: request)
    }

    private func token(of account: Account, for request: CredentialRequest) async throws -> CredentialResponse {
        let token = try await tokens.token(of: account, for: request)
        answered(request, account)
        return CredentialResponse(
            username: account.username ?? request.username ?? "oauth2",
            password: token.token,
            passwordExpiryUTC: token.expiresAt,
            authtype: "Bearer",
            state: ["keyfob:account=" + account.id])
    }
}

extension CredentialRequest {
    /// The request with the scopes that the service found missing in the last token (RFC 6750 section 3.1).
    fileprivate var askingForChallengedScopes: CredentialRequest {
        guard let challenge = AuthenticationChallenge.bearer(in: wwwauth), challenge.error == "insufficient_scope"
        else { return self }
        var request = self
        request.scope += (challenge.scope ?? []).filter { !scope.contains($0) }
        return request
    }
}
