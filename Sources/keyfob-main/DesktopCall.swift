import Addresses
import Console
import CredentialProtocol
import Desktop
import KeyfobCore
import OAuth
import Processes
import SecretService
import Synchronization

/// Asks the user, by a notification on the desktop, whether to sign in now. The notification names the program that
/// asks, the host, and the authorization server.
///
/// Its texts are full sentences, as on all desktops. Text from others passes through `Printable`. The body has no URL:
/// desktops make links of them, which lead to another page than the sign-in.
struct DesktopCall: Sendable {
    let browser: BrowserLauncher
    let tracer: Tracer
    /// The other machine that asks (`keyfob forward`); nil if a program of this machine asks.
    let machine: String?

    let activation: Activation

    /// The data that the desktop supplies with the answer, for the browser that keyfob then opens.
    final class Activation: Sendable {
        private let given = Mutex<String?>(nil)

        var token: String? {
            get { given.withLock { $0 } }
            set { given.withLock { $0 = newValue } }
        }

        /// The desktop's own way to open a URL.
        var portal: BrowserLauncher.Portal {
            BrowserLauncher.Portal(
                isThere: { Portal.opensAddresses }, open: { Portal.open($0, activation: self.token) })
        }
    }

    /// Asks, with the time limit of a sign-in. Does not ask if no browser could be opened afterwards.
    func show(_ account: Account) async throws -> DesktopPrompt.Answer {
        guard browser.mightOpen else { return .nobodyIsThere }
        let notification = notification(account, from: machine ?? AskingProgram.name())
        tracer.note("notification: asking")
        let answer = try await HeldSignals.hold {
            try await notification.ask(within: account.loginDeadline) {
                HeldSignals.isCaught || Caller.isGone(isUser: false)
            }
        }
        // Nobody has declined, so the next caller may ask.
        if Caller.isGone(isUser: false) { throw AccountLock.Failure.abandoned }
        tracer.note("notification: answered")
        if case .accepted(let token) = answer { activation.token = token }
        return Self.meaning(answer)
    }

    /// Asks whether the locked keyring may show its window.
    ///
    /// - Parameter machine: as in the property.
    static func show(
        _ program: KeyringProgram, for machine: String?, within patience: Duration, isGivenUp: () -> Bool,
        _ tracer: Tracer
    ) -> DesktopPrompt.Answer {
        let asks = asks(machine ?? AskingProgram.name())
        let notification = Notification(
            summary: "Unlock your keyring?",
            body: "\(asks) \(program.name.map { Messages.printable($0) } ?? "The keyring") then opens its window.",
            accept: "Unlock", decline: "Not now",
            bodyWithoutActions: "\(asks) To unlock it, run: keyfob status")
        tracer.note("notification: asking")
        return HeldSignals.hold {
            meaning(
                notification.askBlocking(within: patience) {
                    HeldSignals.isCaught || Caller.isGone(isUser: false) || isGivenUp()
                })
        }
    }

    private static func meaning(_ answer: Notification.Answer) -> DesktopPrompt.Answer {
        switch answer {
        case .accepted, .acceptedMore: .accepted
        case .dismissed: .silence(.dismissed)
        case .unanswered: .silence(.unanswered)
        case .shown: .silence(.told)
        case .unavailable: .nobodyIsThere
        }
    }

    private func notification(_ account: Account, from program: String?) -> Notification {
        let service = account.service
        let server = try? EndpointURL(account.server.identifier)
        let place =
            server.map { $0.origin == service.origin ? "there" : "at " + Messages.printable($0.host) }
            ?? "in your browser"
        let person = account.name.map { " as " + Messages.printable($0) } ?? ""
        let asks = Self.asks(program)
        let bare = service.description.split(separator: "://", maxSplits: 1).last.map(String.init) ?? service.host
        return Notification(
            summary: "Sign in to \(Messages.printable(bare))?", body: "\(asks) You sign in \(place)\(person).",
            accept: "Sign in", decline: "Not now",
            bodyWithoutActions: "\(asks) To sign in, run: \(Messages.login(service))")
    }

    /// Names the program. A desktop may cut off all but the first 40 characters of a text, and the server follows.
    private static func asks(_ program: String?) -> String {
        guard let program = program.map({ Messages.printable($0) }) else { return "A background program asks." }
        return (program.count > mostOfName ? program.prefix(mostOfName - 1) + "…" : program) + " asks."
    }

    private static let mostOfName = 24
}
