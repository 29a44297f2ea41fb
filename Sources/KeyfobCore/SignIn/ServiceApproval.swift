package import Addresses
package import CredentialProtocol
import OAuth
import Secrets

/// Approves services that are not configured: finds a service's authorization server, and asks the user before anything is
/// sent to it.
///
/// keyfob follows the challenge of a service only if the service is approved. A service is approved if it is configured,
/// if the user named it to `keyfob login`, or if the user said yes on the terminal.
///
/// keyfob stores a yes after its sign-in has worked. From then on keyfob does not ask again, and accepts no other
/// authorization server for the service. If the user cancels the sign-in in the browser, the yes does not count.
package struct ServiceApproval: Sendable {
    let accounts: AccountDirectory
    let reread: @Sendable () throws -> AccountDirectory
    let approvals: Approvals?
    let lock: AccountLock
    let interaction: InteractionPolicy
    let gitDeclines: @Sendable (CredentialRequest) async -> Bool
    let finder: @Sendable (Configuration.Host?, ServiceURL) -> ServerFinder
    let hasTerminal: Bool
    let ask: @Sendable (Question) async throws -> Bool

    /// A question with yes or no for an answer.
    package enum Question: Sendable, Equatable {
        /// Whether to look for the authorization server of an unknown service, and to sign in there.
        case signIn(ServiceURL)
        /// Whether to go on, although the server is on another origin.
        case elsewhere(ServiceURL, server: String)
        /// Whether to go on, although the server is in a private network and the service is not.
        case nearby(ServiceURL, server: String)
        /// Whether the server that the service names may send the user, codes and tokens to other hosts.
        case otherHosts(ServiceURL, server: String, OtherHosts)
        /// Whether to register again with the server, by its host, and to sign in once more.
        case registerAgain(ServiceURL, server: String)
    }

    /// - Parameters:
    ///   - accounts: the configuration as this process read it.
    ///   - reread: reads it again, because another process may have changed it.
    ///   - approvals: where a yes is stored; nil if there is no home directory.
    ///   - gitDeclines: whether git's settings forbid to ask the user.
    ///   - finder: for a service with the given configuration, or with none.
    ///   - hasTerminal: whether `ask` can reach the user.
    ///   - ask: asks the user. Any answer but yes means no.
    package init(
        accounts: AccountDirectory, reread: @escaping @Sendable () throws -> AccountDirectory, approvals: Approvals?,
        lock: AccountLock, interaction: InteractionPolicy,
        gitDeclines: @escaping @Sendable (CredentialRequest) async -> Bool,
        finder: @escaping @Sendable (Configuration.Host?, ServiceURL) -> ServerFinder,
        hasTerminal: Bool, ask: @escaping @Sendable (Question) async throws -> Bool
    ) {
        self.accounts = accounts
        self.reread = reread
        self.approvals = approvals
        self.lock = lock
        self.interaction = interaction
        self.gitDeclines = gitDeclines
        self.finder = finder
        self.hasTerminal = hasTerminal
        self.ask = ask
    }

    /// Runs `signIn` for a service without an account, after the user has approved it.
    ///
    /// Returns nil if keyfob must not ask: the configuration does not name the service, and its challenge proposes no
    /// sign-in or there is no terminal.
    ///
    /// - Parameter signIn: gets a token of the account. The approval is stored after it.
    package func approving<Answer>(
        _ request: CredentialRequest, _ signIn: (Account) async throws -> Answer
    ) async throws -> Answer? {
        guard let url = request.url, url.scheme == "https" || url.isLoopback else { return nil }
        let configured = accounts.configuration.host(for: url)
        // keyfob does not ask about a URL that can be read in more than one way.
        if url.isAmbiguous, configured == nil { return nil }
        let proposes = AuthenticationChallenge.bearer(in: request.wwwauth)?.resourceMetadata != nil
        guard configured != nil || (proposes && hasTerminal) else { return nil }
        let mayAsk = await interaction.mayAsk(for: request, by: configured?.flow) { await gitDeclines(request) }
        guard mayAsk else {
            guard let configured else { return nil }
            throw CredentialFailure.signInNeeded(
                service: configured.service, account: configured.account, because: .noGrant)
        }
        do {
            return try await underLock(of: url) { held in
                // The previous holder of the lock may have asked already.
                if let account = try reread().configuredAccount(for: request) { return try await signIn(account) }
                return try await held.askingPerson(decline: Self.decline) {
                    var (account, finding) = try await introduce(url, configured, request)
                    account.approval = finding.host
                    let answer = try await signIn(account)
                    try approve(finding.host)
                    return answer
                }
            }
        } catch CredentialFailure.signInRefused where configured == nil {
            return nil  // The user said no to keyfob: git may still ask for a password.
        }
    }

    /// The result for the waiting callers if the sign-in failed with `error`. After a temporary network error they may try themselves.
    private static func decline(_ error: any Error) -> AccountLock.Decline? {
        switch error {
        case CredentialFailure.declinedElsewhere(_, _, let decline): decline
        case CredentialFailure.notNow(_, .dismissed): .dismissed
        case CredentialFailure.unanswered, CredentialFailure.unansweredConsent, CredentialFailure.notNow,
            OAuthError.authorizationTimedOut, OAuthError.codeExpired:
            .unanswered
        case let error as CredentialFailure where error.isTransient: nil
        default: (error as? OAuthError)?.isTransient == true ? nil : .refused
        }
    }

    private func introduce(
        _ url: ServiceURL, _ configured: Configuration.Host?, _ request: CredentialRequest
    ) async throws -> (Account, ServerFinder.Finding) {
        if configured == nil { try await confirm(.signIn(url), about: url) }
        var found = try await finder(configured, url).find(url, challenges: request.wwwauth)
        if configured != nil {
            try await confirmNearness(of: found)
        } else if case .issuer(let issuer, _, _)? = found.host.server {
            if found.host.reach == .privateNetworks {
                try await confirm(.nearby(url, server: issuer), about: url)
            } else if (try? EndpointURL(issuer))?.origin != url.origin {
                try await confirm(.elsewhere(url, server: issuer), about: url)
            }
        }
        found = found.fitted(to: configured)
        try prepareApproval(of: found.host)
        return (try account(found, configured, request), found)
    }

    private func confirm(_ question: Question, about service: ServiceURL) async throws {
        guard try await ask(question) else { throw CredentialFailure.signInRefused(service: service) }
    }

    private func underLock<Result>(
        of service: ServiceURL, _ body: (AccountLock.Held) async throws -> Result
    ) async throws -> Result {
        let name = Account.digest(["introduction", service.origin])
        // The holder finds the server, asks the user and waits for a sign-in.
        let sitting = (accounts.configuration.loginTimeout ?? 300) * (hasTerminal ? 1 : 2)
        let patience = Duration.seconds(sitting + 90)
        do {
            return try await lock.hold(name, patience: patience, waitsForPerson: true, body)
        } catch AccountLock.Failure.timedOut(let seconds, let holder) {
            throw CredentialFailure.busy(service: service, seconds: seconds, holder: holder)
        } catch AccountLock.Failure.personDeclined(.refused) {
            throw CredentialFailure.signInRefused(service: service)
        } catch AccountLock.Failure.personDeclined(let decline) {
            throw CredentialFailure.declinedElsewhere(service: service, account: nil, decline)
        }
    }
}
