import KeyfobCore
import OAuth
import Secrets

/// What a person sees while they sign in: where to go, and how long they may take.
struct SignInScreen: Sendable {
    let browser: BrowserLauncher

    /// One function for each way to sign in.
    var functions: SignIn.Screen {
        SignIn.Screen(
            browser: { try await showBrowser($0, $1) }, device: { try await showCode($0, $1) })
    }

    private func showBrowser(_ account: Account, _ pending: PendingLogin) async throws {
        guard let startAddress = pending.startAddress else { return try await askForAddress(account, pending) }
        let opened = browser.open(startAddress)
        begin(account, at: pending.authorizationServer)
        let words = opened ? "if no browser opens, go to: " : "open in a browser on this machine: "
        Terminal.hint(words + startAddress)
        try await countDown("waiting for the browser", until: pending.deadline)
    }

    private func showCode(_ account: Account, _ pending: PendingDeviceLogin) async throws {
        begin(account, at: pending.authorizationServer)
        Terminal.hint("on any device, go to: " + Words.printable(pending.address))
        Terminal.hint("and type the code: " + Words.printable(pending.userCode))
        if let address = pending.completeAddress {
            Terminal.hint("or go to this address, and compare the code: " + Words.printable(address))
        }
        Terminal.hint("go on only if it was you who began this")
        try await countDown("waiting for the other device", until: pending.deadline)
    }

    private func askForAddress(_ account: Account, _ pending: PendingLogin) async throws {
        begin(account, at: pending.authorizationServer)
        Terminal.hint("in any browser, go to: " + pending.authorizationAddress)
        Terminal.hint("it ends on a page that cannot be shown: paste the whole address of that page here")
        if let error = pending.offer(try await Terminal.readLine()) { throw error }
    }

    private func begin(_ account: Account, at server: String) {
        Terminal.say("sign in to \(account.service) at \(Words.printable(server))")
    }

    /// Shows the time left, on a terminal, until the sign-in ends, which cancels this task.
    private func countDown(_ what: String, until deadline: ContinuousClock.Instant) async throws {
        guard Terminal.isStandardError else { return }
        defer { Terminal.erase() }
        while !Task.isCancelled {
            let left = ContinuousClock.now.duration(to: deadline).components.seconds
            Terminal.overwrite("keyfob: \(what), \(Words.clock(left)) left, Ctrl-C to give up")
            try await Task.sleep(for: .seconds(1))
        }
    }
}
