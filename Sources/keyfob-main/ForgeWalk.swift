import Addresses
import Console
import CredentialProtocol
import Glibc
import KeyfobCore
import OAuth
import Processes
import Secrets
import Setup

/// Guides the user through registering an application at a host that requires one. Then it tests the registration with
/// a sign-in and, if the URL is a repository's, with git.
struct ForgeWalk {
    let scene: SetupScene
    let url: String
    private let composition: Composition

    init(scene: SetupScene, url: String) {
        (self.scene, self.url) = (scene, url)
        composition = Composition(account: nil, interaction: .always, isLogin: true)
    }

    /// Says what the user must do; at a terminal, does it together with the user.
    func run() async throws {
        try await composition.runWithParts(about: url) { given in
            let request = try CredentialRequest(url: url)
            guard let service = request.url else { throw CredentialFailure.notAService(url: url) }
            guard let (row, parts) = try await forge(at: service, given) else {
                return Terminal.hint(Messages.thenSignIn(service))
            }
            let login = composition.login(parts)
            var target = try await login.find(request)
            let account = target.account
            let host = account.provider ?? row
            guard try !hasClient(account) else {
                return Terminal.hint(Messages.clientKnown(account.service))
            }
            guard Terminal.isThere else {
                throw Self.steps(for: account, host, page: await page(host, account))
            }
            try await login.check(target, hasClient: true)
            let client = try await Self.register(with: host, for: account, page: await page(host, account))
            target.use(
                Client(byUser: client.id, secret: client.secret),
                flow: host.ownClient == .withoutSecretByDevice ? .device : nil)
            let outcome = try await login.signIn(to: target, for: request)
            Terminal.say(Messages.signedIn(account.service, outcome.grant, outcome.token))
            if !service.pathSegments.isEmpty { try await readRepository(service) }
        }
    }

    /// The known program at `service`, and the parts with the entry for it. If nothing names the program, keyfob guesses and
    /// asks; the entry is written after a yes.
    private func forge(at service: ServiceURL, _ parts: Composition.Parts) async throws -> (
        KnownHost, Composition.Parts
    )? {
        let configured = parts.accounts.configuration.host(for: service)
        if let host = KnownHost.match(service, provider: configured?.provider) { return (host, parts) }
        let transport = composition.transports.transport(trusting: configured?.certificateAuthorityFile)
        let isWritten = configured.map { $0.server != nil && !parts.serviceApproval.isApproval($0) } ?? false
        guard let guess = await ForgeGuess.guess(service, over: transport) else {
            return nil
        }
        Terminal.say(Messages.looksLike(guess))
        guard Terminal.isThere, !isWritten else {
            Terminal.hint(Messages.lines(of: guess))
            return nil
        }
        guard try await Terminal.confirms(Messages.isThat(guess)) else { return nil }
        try parts.serviceApproval.prepareApproval(of: guess.entry)
        try parts.serviceApproval.approve(guess.entry)
        return (guess.host, try composition.parts())
    }

    /// The page for registering a client. A forge below a path says itself where that is.
    private func page(_ host: KnownHost, _ account: Account) async -> String? {
        var issuer: String?
        if !account.service.pathSegments.isEmpty || account.server != host.server(for: account.service) {
            issuer = try? await account.serverMetadata(over: composition.transports.transport(for: account)).issuer
        }
        return host.registrationPage(for: account.service, issuer: issuer)
    }

    private func hasClient(_ account: Account) throws -> Bool {
        try account.client != nil || !composition.registrations.own(issuer: account.server.identifier).isEmpty
    }

    /// The instructions for a user who is not at a terminal.
    private static func steps(for account: Account, _ host: KnownHost, page: String?) -> RegistrationNeeded {
        var needed = CredentialFailure.ClientNeeded(
            service: account.service, issuer: account.server.identifier,
            page: page, redirectURI: redirectURI(account),
            scopes: account.scopes, notes: host.quirks)
        needed.wantsSecret = account.clientsNeedSecret
        return RegistrationNeeded(needed: needed)
    }

    private static func redirectURI(_ account: Account) -> String {
        (account.redirect ?? .loopback).uri(port: nil)
    }

    // The steps at the terminal.

    private static func register(
        with host: KnownHost, for account: Account, page: String?
    ) async throws -> (id: String, secret: Secret?) {
        Terminal.say(Messages.wantsRegistration(host))
        Terminal.hint(Messages.shortestWay(host.ownClient))
        let values: [(String, String?)] = [
            ("page", page), ("name", "keyfob"), ("redirect URI", redirectURI(account)),
            ("scopes", account.scopes.joined(separator: " ")),
        ]
        for case (let name, let value?) in values where !value.isEmpty {
            Terminal.write(Messages.toCopy(name, value) + "\n")
        }
        for quirk in host.quirks { Terminal.hint(quirk) }
        if let page, Environment.hasBrowser { try await open(page) }
        let id = try await clientID()
        guard host.ownClient == .withSecret else { return (id, nil) }
        return (id, try await secret())
    }

    private static func open(_ page: String) async throws {
        guard let said = try await Terminal.answer(to: Messages.openThat) else { return }
        guard !said.lowercased().hasPrefix("n") else { return }
        let browser = BrowserLauncher(
            search: ExecutableSearch(path: Environment.variable("PATH")), browser: Environment.variable("BROWSER"),
            environment: Environment.forChildren)
        let failed = { Terminal.say(Messages.browser(failed: $0)) }
        guard let opening = browser.open(page, failed: failed), try await browser.follow(opening, failed: failed)
        else { return Terminal.hint(Messages.noBrowser) }
    }

    private static func clientID() async throws -> String {
        while let said = try await Terminal.answer(to: Messages.clientID) {
            let id = said.trimmingBlanks
            if !id.isEmpty, id.utf8.allSatisfy({ (0x21...0x7E).contains($0) }) { return id }
            Terminal.hint(Messages.whereClientID)
        }
        throw SetupFailure.declined
    }

    private static func secret() async throws -> Secret {
        guard Terminal.isThere else { throw SetupFailure.nobodyAsked }
        guard let secret = try await PastedLines.secret(Messages.clientSecret) else { throw SetupFailure.declined }
        return secret
    }

    // The test with git.

    private func readRepository(_ service: ServiceURL) async throws {
        let door = scene.installation.path(of: "git-credential-keyfob")
        let outcome = try await scene.run(
            "git",
            [
                "-C", "/", "-c", "credential.helper=", "-c", "credential.helper=" + ShellWords.escaped(door),
                "ls-remote",
                "--quiet", service.description, "HEAD",
            ], environment: ["GIT_TERMINAL_PROMPT": "0", "GIT_ASKPASS": "", "KEYFOB_INTERACTION": "never"])
        guard let outcome, outcome.status == 0 else {
            throw SetupFailure.toolFailed(command: "git ls-remote \(service)", complaint: outcome?.complaint.last)
        }
        Terminal.say(Messages.gitReads(service))
    }
}

/// The user must register an application, and there is no terminal to guide them.
struct RegistrationNeeded: Error {
    var needed: CredentialFailure.ClientNeeded
}

extension String {
    fileprivate var trimmingBlanks: String {
        let rest = drop { $0 == " " || $0 == "\t" }
        return String(rest.dropLast(rest.reversed().prefix { $0 == " " || $0 == "\t" }.count))
    }
}
