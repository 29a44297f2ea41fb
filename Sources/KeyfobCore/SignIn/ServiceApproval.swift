package import CredentialProtocol
import OAuth
import Secrets

/// Makes a service known: finds its authorization server, and has a person say yes before anything is asked of it.
///
/// What a service's challenge proposes is never followed for a host that nobody approved. Approved is what stands in the
/// configuration, what a person named to `keyfob login`, and what they said yes to on the terminal.
///
/// A yes is written down once the sign-in has worked that it was said for. From then on nobody is asked, and the service
/// is held to its authorization server; who broke the sign-in off, for what they saw in the browser, has not said yes.
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

    /// What a person is asked, with yes or no for an answer.
    package enum Question: Sendable, Equatable {
        /// Whether to look for the authorization server of a service that keyfob does not know, and to sign in there.
        case signIn(ServiceURL)
        /// Whether to go on, for the server is on another origin.
        case elsewhere(ServiceURL, server: String)
        /// The same where the server is in a private network, and the service is not.
        case nearby(ServiceURL, server: String)
        /// Whether the server that the service names may send the person, codes and tokens to other hosts.
        case otherHosts(ServiceURL, server: String, OtherHosts)
        /// Whether to register again with the server, by its host, and to sign in once more.
        case registerAgain(ServiceURL, server: String)
    }

    /// - Parameters:
    ///   - accounts: what this process has read of the configuration.
    ///   - reread: reads it anew, for another process may have changed it.
    ///   - approvals: where a yes is kept; nil where there is no home directory to keep it in.
    ///   - finder: for a service of which some things are written down, or nothing.
    ///   - hasTerminal: whether a person can be asked by `ask`, which takes everything but a yes for a no.
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

    /// What `signIn` makes of a request whose service has no account, if the configuration lacks only its server, or if
    /// its challenge proposes a sign-in and a person says yes; nil where it is not ours to ask.
    ///
    /// - Parameter signIn: gets a token of the account that was found, which is kept as approved once that has worked.
    package func approving<Answer>(
        _ request: CredentialRequest, _ signIn: (Account) async throws -> Answer
    ) async throws -> Answer? {
        guard let url = request.url, url.scheme == "https" || url.isLoopback else { return nil }
        let configured = accounts.configuration.host(for: url)
        if url.isAmbiguous, configured == nil { return nil }  // no service of one meaning to say yes to
        let proposes = AuthenticationChallenge.bearer(in: request.wwwauth)?.resourceMetadata != nil
        guard configured != nil || (proposes && hasTerminal) else { return nil }
        let mayAsk = await interaction.mayAsk(for: request, by: configured?.flow) { await gitDeclines(request) }
        guard mayAsk else {
            if let configured {
                throw CredentialFailure.signInNeeded(service: configured.service, because: .noGrant)
            }
            return nil
        }
        do {
            return try await underLock(of: url) { held in
                // Whoever held the lock before us may have asked already.
                if let account = try reread().configuredAccount(for: request) { return try await signIn(account) }
                return try await held.askingPerson(isAnswer: Self.isAnswer) {
                    var (account, finding) = try await introduce(url, configured, request)
                    account.approval = finding.host
                    let answer = try await signIn(account)
                    try approve(finding.host)
                    return answer
                }
            }
        } catch CredentialFailure.signInRefused where configured == nil {
            return nil  // a no to us: git may still ask for a password
        }
    }

    /// The account at a service that a person has named on the command line, which is a yes to it. Nothing is kept yet:
    /// ``approve(_:)`` does that once the sign-in has worked.
    ///
    /// - Parameter anew: finds the server of an approved service again. One that has changed needs a person's yes.
    package func accountByName(
        for request: CredentialRequest, anew: Bool
    ) async throws -> (account: Account, finding: ServerFinder.Finding?) {
        guard let url = request.url else {
            throw CredentialFailure.notAService(url: "\(request.protocolName)://\(request.host)")
        }
        let host = accounts.configuration.host(for: url)
        let isApproved = host?.sources["issuer"].map { $0.file == approvals?.file } ?? false
        let known = try await accounts.account(for: request)
        if let known, !(anew && isApproved) { return (known, nil) }
        try accounts.refuseUnknownApproval(of: request)

        let pinned = isApproved ? known?.server.identifier : nil
        var found = try await finder(host, url).find(url, challenges: request.wwwauth, pinned: pinned)
        if let pinned, case .issuer(let issuer, _, _)? = found.host.server, !issuer.isSame(as: pinned) {
            guard try await ask(.elsewhere(url, server: issuer)) else {
                throw CredentialFailure.issuerChanged(service: url, from: pinned, to: issuer)
            }
        }
        // What was found now counts more than what was found then; but for the client that a person has named, which is
        // one of that server and of no other.
        if let known, case .issuer(let issuer, _, _)? = found.host.server, pinned.map(issuer.isSame) == true {
            let before = approved(known.service)
            (found.host.clientID, found.host.endpointHosts) = (before?.clientID, before?.endpointHosts)
        }
        var written = accounts.configuration
        written.hosts.removeAll(where: isApproval)
        let configured = written.host(for: url)
        found = Self.fitted(found, to: configured)
        return (try account(found, configured, request), found)
    }

    /// What was approved for exactly this service; nil where nothing was.
    package func approved(_ service: ServiceURL) -> Configuration.Host? {
        accounts.configuration.hosts.first { $0.service == service && isApproval($0) }
    }

    private func isApproval(_ host: Configuration.Host) -> Bool {
        host.sources.values.contains { $0.file == approvals?.file }
    }

    /// Has a person say yes to a server that is nearer to this machine than the service that names it. Nobody may be led
    /// into a private network unknowingly (RFC 9728 section 7.7); but there are companies whose own server is there.
    ///
    /// - Throws: `addressTooNear` where there is no yes.
    package func confirmNearness(of finding: ServerFinder.Finding) async throws {
        let service = finding.host.service
        guard finding.host.reach == .privateNetworks, case .issuer(let issuer, _, _)? = finding.host.server else {
            return
        }
        guard try await ask(.nearby(service, server: issuer)) else {
            throw OAuthError.addressTooNear(host: try EndpointURL(issuer).host, resource: service.host)
        }
    }

    /// Makes sure, before anybody signs in, that ``approve(_:)`` can keep a person's yes.
    ///
    /// - Throws: ``ConfigurationError`` where the list of approved services cannot be read, or has no room for `host`.
    package func prepareApproval(of host: Configuration.Host) throws {
        try accounts.configuration.refuseUnreadableApprovals()
        guard let approvals else { throw ConfigurationError.noHome }
        try approvals.refuseIfFull(for: host)
    }

    /// Keeps a person's yes. A sign-in has done that already (``Account/approval``), but there may have been none to do.
    package func approve(_ host: Configuration.Host) throws {
        try approvals?.add(host)
    }

    /// Whether what failed with `error` was answered by the person: what failed in the network, those who wait may try.
    private static func isAnswer(_ error: any Error) -> Bool {
        (error as? OAuthError)?.isTransient != true
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
        found = Self.fitted(found, to: configured)
        try prepareApproval(of: found.host)
        return (try account(found, configured, request), found)
    }

    /// What was found, for the service that it is written down for.
    ///
    /// That is the configured service if the finding speaks for all of it. A finding for a part of it decides for that part
    /// alone, with all that is configured: its entry will be the longest match from then on.
    private static func fitted(
        _ found: ServerFinder.Finding, to configured: Configuration.Host?
    ) -> ServerFinder.Finding {
        guard let configured else { return found }
        var fitted = found
        if !found.host.service.contains(configured.service) { fitted.host = configured.completed(by: found.host) }
        fitted.host.service =
            found.host.service.contains(configured.service) ? configured.service : found.host.service
        return fitted
    }

    private func confirm(_ question: Question, about service: ServiceURL) async throws {
        guard try await ask(question) else { throw CredentialFailure.signInRefused(service: service) }
    }

    private func account(
        _ found: ServerFinder.Finding, _ configured: Configuration.Host?, _ request: CredentialRequest
    ) throws -> Account {
        var host = configured.map { $0.completed(by: found.host) } ?? found.host
        host.service = found.host.service
        guard let account = accounts.account(of: host, for: request) else {
            throw CredentialFailure.notConfigured(service: host.service)
        }
        return account
    }

    private func underLock<Result>(
        of service: ServiceURL, _ body: (AccountLock.Held) async throws -> Result
    ) async throws -> Result {
        let name = Account.digest(["introduction", service.origin])
        // The holder looks for the server, asks, and waits for a sign-in.
        let sitting = (accounts.configuration.loginTimeout ?? 300) * (hasTerminal ? 1 : 2)
        let patience = Duration.seconds(sitting + 90)
        do {
            return try await lock.hold(name, patience: patience, waitsForPerson: true, body)
        } catch AccountLock.Failure.timedOut(let seconds) {
            throw CredentialFailure.busy(service: service, seconds: seconds)
        } catch AccountLock.Failure.personDeclined {
            throw CredentialFailure.signInRefused(service: service)
        }
    }
}
