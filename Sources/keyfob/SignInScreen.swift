import Glibc
import KeyfobCore
import OAuth

/// What a person sees while they sign in: where to go, and how long they may take.
struct SignInScreen: Sendable {
    let browser: BrowserLauncher

    /// Opens the browser and shows the time left until the sign-in ends, which cancels this task.
    func show(_ account: Account, _ pending: PendingLogin) async throws {
        let opened = browser.open(pending.startAddress)
        Terminal.say("sign in to \(account.service) at \(Words.printable(pending.authorizationServer))")
        Terminal.hint(
            (opened ? "if no browser opens, go to: " : "open in a browser on this machine: ") + pending.startAddress)
        guard Terminal.isStandardError else { return }
        defer { Terminal.erase() }
        while !Task.isCancelled {
            let left = ContinuousClock.now.duration(to: pending.deadline).components.seconds
            Terminal.overwrite("keyfob: waiting for the browser, \(Words.clock(left)) left, Ctrl-C to give up")
            try await Task.sleep(for: .seconds(1))
        }
    }
}
