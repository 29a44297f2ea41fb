import Console
import CredentialProtocol
import KeyfobCore

/// keyfob can ask the user to sign in. The check reports how. It tests what works, and does not guess from the name of
/// the environment: in a container, over ssh, in WSL or in Flatpak there may or may not be a browser.
struct SignInCheck: Check {
    let id = "sign-in"
    let needs = ["configuration"]
    let follows = ["bus"]

    func look(_ context: CheckContext) throws -> Finding {
        let policy = try InteractionPolicy(
            fromCommandLine: nil,
            fromConfiguration: context.notes.read { $0.configured }?.accounts.configuration.interaction,
            hasTerminal: { Terminal.isThere },
            variable: context.parts.variable)
        return Self.finding(
            context.request ?? CredentialRequest(protocolName: "https", host: "example.com"), policy,
            Facts(
                flow: context.host?.flow, hasTerminal: Terminal.isThere, hasBrowser: context.parts.hasBrowser,
                isRemote: context.parts.variable("SSH_CONNECTION")?.isEmpty == false, desktop: context.desktopServices),
            login: context.login)
    }

    /// The environment of a sign-in.
    struct Facts {
        /// The configured flow.
        var flow: Account.Flow?
        var hasTerminal, hasBrowser: Bool
        /// Whether the user is connected over ssh.
        var isRemote: Bool
        var desktop: Set<DesktopService>

        fileprivate var details: [String: Finding.Detail] {
            [
                "terminal": .truth(hasTerminal), "browser": .truth(hasBrowser), "ssh": .truth(isRemote),
                "notifications": .truth(desktop.contains(.notifications)), "portal": .truth(desktop.contains(.portal)),
            ]
        }
    }

    /// - Parameter login: the command that signs in, after a colon, or words for it in parentheses.
    static func finding(
        _ request: CredentialRequest, _ policy: InteractionPolicy, _ facts: Facts,
        login: String = CheckContext.loginByName
    ) -> Finding {
        let details = facts.details
        guard policy.mightAsk(for: request, by: facts.flow) else { return unasked(policy, details, login) }
        if policy.callsByDesktop(for: request) {
            guard facts.desktop.contains(.notifications) else {
                return .warning(
                    "keyfob cannot ask the user: there is no terminal, and the desktop shows no notifications",
                    hints: ["sign in by name" + login], details)
            }
            return .ok("in the browser of this machine, after the user accepts a notification", details)
        }
        if facts.flow == .device { return .ok("on another device, with a code", details) }
        if facts.flow != .paste, facts.hasBrowser { return .ok("in the browser of this machine", details) }
        let device = facts.isRemote || facts.flow != nil ? "" : "on another device if the server supports it, else "
        let forwarding = facts.isRemote ? ", or through ssh -L" : ""
        return .ok(device + "in any browser, by pasting the address of its last page" + forwarding, details)
    }

    /// The reason why keyfob does not prompt the user, except in `keyfob login`.
    private static func unasked(
        _ policy: InteractionPolicy, _ details: [String: Finding.Detail], _ login: String
    ) -> Finding {
        let isNever = (policy.fromEnvironment ?? policy.fromConfiguration) == .never
        if isNever || policy.callerDeclined {
            let setting =
                policy.fromEnvironment == .never
                ? "KEYFOB_INTERACTION"
                : isNever ? "interaction in the configuration" : "GIT_TERMINAL_PROMPT or GCM_INTERACTIVE"
            return .warning(
                "keyfob must not ask the user: \(setting) says so", hints: ["sign in by name" + login], details)
        }
        return .warning(
            "keyfob cannot ask the user: there is no terminal, no graphical session and no $BROWSER",
            hints: ["sign in on a terminal" + login], details)
    }
}

/// A service of the desktop, by its name on the session bus.
enum DesktopService: String, CaseIterable {
    case notifications = "org.freedesktop.Notifications"
    case portal = "org.freedesktop.portal.Desktop"
}

extension CheckContext {
    /// The services that are on the session bus; empty if the bus does not answer.
    var desktopServices: Set<DesktopService> {
        guard notes.read({ $0.busAnswers }) else { return [] }
        let names = try? keyring.answering(among: Set(DesktopService.allCases.map(\.rawValue)))
        return Set((names ?? []).compactMap(DesktopService.init))
    }
}
