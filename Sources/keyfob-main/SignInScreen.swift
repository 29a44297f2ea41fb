import Addresses
import Console
import CredentialProtocol
import KeyfobCore
import OAuth
import Processes

/// The text on the terminal during a sign-in: where to go, the remaining time, and where to paste.
struct SignInScreen: Sendable {
    let browser: BrowserLauncher
    /// Whether the user may paste an address on standard input if there is no terminal. False if standard input belongs
    /// to a caller.
    let readsStandardInput: Bool
    /// Whether to report who is signed in. False if the command does that, which also knows about an earlier sign-in.
    let saysWhoIsSignedIn: Bool
    /// Whether the user has started the sign-in, and no caller waits for a token.
    let isByUser: Bool
    /// Receives what only a user at `keyfob login` has to see.
    let tracer: Tracer

    /// One function for each way to sign in.
    var functions: SignIn.Screen {
        SignIn.Screen(
            browser: { account, pending in
                try await Caller.runUntilGone(isUser: isByUser) { try await showBrowser(account, pending) }
            },
            device: { account, pending in
                try await Caller.runUntilGone(isUser: isByUser) { try await showCode(account, pending) }
            },
            remark: { Terminal.say(Messages.asksAgain(Report($0).message)) },
            asksToRegister: {
                try await confirms(.registerAgain($0.service, server: $1))
            },
            agreesToHosts: {
                try await confirms(.otherHosts($0.service, server: $1, $2))
            },
            signedIn: { account, grant, token in
                let missing = Messages.notGranted(grant, account.service)
                if saysWhoIsSignedIn {
                    Terminal.say(Messages.signedIn(account.service, grant, token))
                    if let missing { tracer.note(missing) }
                } else if let missing {
                    Terminal.say(missing)
                }
            },
            grantedOtherScopes: { Terminal.say(Messages.granted($2, insteadOf: $1, $0.service)) })
    }

    private func confirms(_ question: ServiceApproval.Question) async throws -> Bool {
        try await Caller.unlessGone(isUser: isByUser) {
            try await Terminal.confirms(Messages.question(question), within: .seconds(60))
        }
    }

    // In the browser.

    private func showBrowser(_ account: Account, _ pending: PendingLogin) async throws {
        let isOnlyWay = pending.startAddress == nil
        // If the user cannot see our text, keyfob must not read what they type: an editor's terminal belongs to the
        // editor. And keyfob asks for a paste only after it has turned the echo off.
        var lines =
            isOnlyWay || Terminal.isStandardError
            ? PastedLines(orStandardInput: isOnlyWay && readsStandardInput) : nil
        let takesPastes = lines != nil

        begin(account, at: pending.authorizationServer, tokensFrom: pending.tokenServer)
        let address = Environment.hasBrowser ? pending.startAddress : nil
        let opening = address.flatMap { browser.open($0, failed: sayFailure) }
        if let startAddress = pending.startAddress, opening != nil {
            Terminal.hint(Messages.ifNoBrowserOpens, startAddress)
            if takesPastes { Terminal.hint(Messages.orPaste) }
        } else {
            explainOtherBrowser(pending, takesPastes: takesPastes)
        }
        guard takesPastes || !isOnlyWay else { throw OAuthError.browserFailed(reason: "no terminal to paste into") }
        try await explainingServersPage(account, pending) { try await wait(account, pending, opening, &lines) }
    }

    private func sayFailure(_ failure: BrowserLauncher.Failure) { Terminal.say(Messages.browser(failed: failure)) }

    /// Follows the browser that is opening, and explains the other ways if none opens.
    private func follow(
        _ opening: BrowserLauncher.Opening?, _ pending: PendingLogin, takesPastes: Bool
    ) async throws {
        guard let opening, try await !browser.follow(opening, failed: sayFailure) else { return }
        explainOtherBrowser(pending, takesPastes: takesPastes)
    }

    /// Waits until the sign-in cancels this task, and takes pastes meanwhile.
    private func wait(
        _ account: Account, _ pending: PendingLogin, _ opening: BrowserLauncher.Opening?, _ lines: inout PastedLines?
    ) async throws {
        let takesPastes = lines != nil
        async let clock: Void = countDown(Messages.forTheBrowser, until: pending.deadline)
        async let remarks: Void = showRemarks(account, pending, takesPastes: takesPastes)
        async let followed: Void = follow(opening, pending, takesPastes: takesPastes)
        let onTerminal = lines?.isTerminal == true
        var problem = OAuthError.notTheRedirect(expected: pending.redirectURI)
        while let paste = try await lines?.nextPaste() {
            guard let error = pending.offer(paste) else { break }
            problem = error
            if onTerminal { complain(error, account) }
        }
        // If the user typed Ctrl-D, the problem has been reported already.
        if pending.startAddress == nil, !pending.isAnswered() { throw onTerminal ? .cancelled : problem }
        _ = try await (followed, clock, remarks)
        try Task.checkCancellation()
    }

    /// The text if no browser was opened: it runs on another machine, or the user opens it.
    private func explainOtherBrowser(_ pending: PendingLogin, takesPastes: Bool) {
        if takesPastes || pending.startAddress == nil {
            Terminal.hint(Messages.inAnyBrowser, pending.authorizationAddress)
            Terminal.hint(Messages.pasteItsEnd)
        }
        if let startAddress = pending.startAddress {
            let connection = Environment.variable("SSH_CONNECTION")
            if let command = SSHForwarding.command(for: pending, connection: connection) {
                Terminal.hint(Messages.toComeBack, command)
                Terminal.hint(Messages.andThereGo, startAddress)
            } else {
                Terminal.hint(Messages.inABrowserHere, startAddress)
            }
        }
        if let lifetime = pending.addressLifetime, ContinuousClock.now + lifetime < pending.deadline {
            Terminal.hint(Messages.goodFor(lifetime.components.seconds))
        }
    }

    /// Says at once what the browser brought, if it is no answer.
    private func showRemarks(_ account: Account, _ pending: PendingLogin, takesPastes: Bool) async {
        for await remark in pending.remarks {
            switch remark {
            case .unusableResponse(.anotherBrowser) where takesPastes, .unusableResponse(.empty) where takesPastes,
                .unusableResponse(.tooLong), .unusableResponse(.elsewhere), .unusableResponse(.unreadable),
                .anotherLogin:
                complain(remark, account)
                if remark != .anotherLogin, remark != .unusableResponse(.anotherBrowser), pending.offersDevice {
                    Terminal.hint(Messages.onAnotherDevice(account.service))
                }
            default: Terminal.say(Report(remark).message)
            }
        }
    }

    /// Says what a page of the server may be about on which the browser stays: after a while, or when the user or the
    /// time limit ends the sign-in.
    private func explainingServersPage(
        _ account: Account, _ pending: PendingLogin, _ body: () async throws -> Void
    ) async throws {
        let advice = Messages.ifThePageIsAnError(account, pending)
        Terminal.onInterrupt(hints: advice)
        defer { Terminal.onInterrupt(hints: nil) }
        let time = ContinuousClock.now + Self.timeForThePage
        async let explanation: Void = {
            try await Task.sleep(until: time, clock: .continuous)
            Terminal.onInterrupt(hints: nil)
            for line in advice { Terminal.hint(line) }
        }()
        do {
            try await body()
        } catch is CancellationError {
            if !pending.isAnswered(), .now < time, !Caller.isGone(isUser: isByUser) {
                for line in advice { Terminal.hint(line) }
            }
            throw CancellationError()
        }
        try await explanation
    }

    /// Longer than most people need to sign in.
    private static let timeForThePage = Duration.seconds(45)

    private func complain(_ error: OAuthError, _ account: Account) {
        // An organisation's name is no account's.
        let name = account.nameSource == .urlOfOrganisation ? nil : account.name
        let report = Report(
            error, about: account.service.description, options: HintedCommand.option("--account", name))
        Terminal.say(report.message)
        for hint in report.hints { Terminal.hint(hint) }
    }

    // On another device.

    private func showCode(_ account: Account, _ pending: PendingDeviceLogin) async throws {
        begin(account, at: pending.authorizationServer, tokensFrom: pending.tokenServer)
        Terminal.hint(Messages.onAnyDevice, Messages.whole(pending.address.string))
        Terminal.hint(Messages.andType, Messages.whole(pending.userCode))
        if let address = pending.completeAddress, address != pending.address {
            Terminal.hint(Messages.orGoAndCompare, Messages.whole(address.string))
        }
        if let code = QRCode((pending.completeAddress ?? pending.address).string), Terminal.show(code) {
            Terminal.hint(Messages.orScan)
        }
        Terminal.hint(Messages.onlyIfItWasYou)
        try await countDown(Messages.forTheDevice, until: pending.deadline)
    }

    private func begin(_ account: Account, at server: String, tokensFrom tokenServer: String?) {
        Terminal.say(Messages.beginning(account, at: server, tokensFrom: tokenServer))
        if let line = Messages.askedFor(account) { Terminal.say(line) }
    }

    /// Shows the remaining time on a terminal until the end of the sign-in cancels this task.
    private func countDown(_ what: String, until deadline: ContinuousClock.Instant) async throws {
        func left() -> Int64 { ContinuousClock.now.duration(to: deadline).components.seconds }
        guard Terminal.isStandardError, Terminal.isThere else { return }
        while !Task.isCancelled, !Terminal.isRedrawn {
            Terminal.say(Messages.waiting(what, left: Messages.span(left())))
            try await Task.sleep(for: .seconds(60))
        }
        defer { Terminal.erase() }
        while !Task.isCancelled {
            Terminal.overwrite("keyfob: " + Messages.waiting(what, left: Messages.clock(left())))
            try await Task.sleep(for: .seconds(1))
        }
    }
}
