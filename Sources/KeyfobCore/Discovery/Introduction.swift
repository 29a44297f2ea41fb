package import CredentialProtocol
import OAuth

/// Makes a service known: finds its authorization server, and has a person say yes before anything is asked of it.
///
/// What a service's challenge proposes is never followed for a host that nobody approved. Approved is what stands in the
/// configuration, what a person named to `keyfob login`, and what they said yes to on the terminal.
package struct Introduction: Sendable {
    let directory: @Sendable () throws -> AccountDirectory
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
    }

    /// - Parameters:
    ///   - directory: reads the configuration anew, which another process may have changed.
    ///   - approvals: where a yes is kept; nil where there is no home directory to keep it in.
    ///   - finder: for a service of which some things are written down, or nothing.
    ///   - hasTerminal: whether a person can be asked by `ask`, which takes everything but a yes for a no.
    package init(
        directory: @escaping @Sendable () throws -> AccountDirectory, approvals: Approvals?, lock: AccountLock,
        interaction: InteractionPolicy, gitDeclines: @escaping @Sendable (CredentialRequest) async -> Bool,
        finder: @escaping @Sendable (Configuration.Host?, ServiceURL) -> ServerFinder,
        hasTerminal: Bool, ask: @escaping @Sendable (Question) async throws -> Bool
    ) {
        self.directory = directory
        self.approvals = approvals
        self.lock = lock
        self.interaction = interaction
        self.gitDeclines = gitDeclines
        self.finder = finder
        self.hasTerminal = hasTerminal
        self.ask = ask
    }

    /// The account for a request whose service has none, if the configuration lacks only its server, or if its challenge
    /// proposes a sign-in and a person says yes; nil where it is not ours to ask.
    package func account(for request: CredentialRequest) async throws -> Account? {
        guard let url = request.url, url.scheme == "https" || url.isLoopback else { return nil }
        let configured = try directory().configuration.host(for: url)
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
            return try await underLock(of: url, deadline: .seconds(300)) { held in
                // Whoever held the lock before us may have asked already.
                if let account = try directory().configuredAccount(for: request) { return account }
                return try await held.askingPerson { try await introduce(url, configured, request) }
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
        guard let url = request.url else { throw CredentialFailure.notAService }
        let accounts = try directory()
        let host = accounts.configuration.host(for: url)
        let isOurs = host?.sources["issuer"] != nil && host?.sources["issuer"] == approvals?.file
        let known = try await accounts.account(for: request)
        if let known, !(anew && isOurs) { return (known, nil) }

        let pinned = isOurs ? known?.server.identifier : nil
        let found = try await finder(host, url).find(url, challenges: request.wwwauth, pinned: pinned)
        if let pinned, case .issuer(let issuer, _, _)? = found.host.server, issuer != pinned {
            guard try await ask(.elsewhere(url, server: issuer)) else {
                throw CredentialFailure.issuerChanged(service: url, from: pinned, to: issuer)
            }
        }
        return (try account(found, host, accounts, request), found)
    }

    /// Keeps a person's yes.
    package func approve(_ finding: ServerFinder.Finding) throws {
        try approvals?.add(finding.host)
    }

    private func introduce(
        _ url: ServiceURL, _ configured: Configuration.Host?, _ request: CredentialRequest
    ) async throws -> Account {
        if configured == nil { try await confirm(.signIn(url), about: url) }
        var found = try await finder(configured, url).find(url, challenges: request.wwwauth)
        if configured == nil, case .issuer(let issuer, _, _)? = found.host.server,
            (try? EndpointURL(issuer))?.origin != url.origin
        {
            try await confirm(.elsewhere(url, server: issuer), about: url)
        }
        if let configured { found.host.service = configured.service }
        let account = try account(found, configured, directory(), request)
        try approve(found)
        return account
    }

    private func confirm(_ question: Question, about service: ServiceURL) async throws {
        guard try await ask(question) else { throw CredentialFailure.signInRefused(service: service) }
    }

    private func account(
        _ found: ServerFinder.Finding, _ configured: Configuration.Host?, _ accounts: AccountDirectory,
        _ request: CredentialRequest
    ) throws -> Account {
        let host = configured.map { $0.completed(by: found.host) } ?? found.host
        guard let account = accounts.account(of: host, for: request) else {
            throw CredentialFailure.notConfigured(service: host.service)
        }
        return account
    }

    private func underLock<Result>(
        of service: ServiceURL, deadline: Duration, _ body: (AccountLock.Held) async throws -> Result
    ) async throws -> Result {
        let name = Account.digest(["introduction", service.origin])
        do {
            return try await lock.hold(name, patience: deadline, waitsForPerson: true, body)
        } catch AccountLock.Failure.timedOut(let seconds) {
            throw CredentialFailure.busy(service: service, seconds: seconds)
        } catch AccountLock.Failure.personDeclined {
            throw CredentialFailure.signInRefused(service: service)
        }
    }
}
