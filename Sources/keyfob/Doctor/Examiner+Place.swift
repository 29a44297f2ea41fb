import Console
import CredentialProtocol
import Desktop
import KeyfobCore
import SecretService

/// Checks the user's surroundings by what works in them, not by their name: in a container, over ssh, in WSL or in
/// Flatpak there may or may not be a browser.
extension Examiner {
    private static let portal = "org.freedesktop.portal.Desktop"
    private static let desktop = ["notifications": "org.freedesktop.Notifications", "portal": portal]

    /// The names of these that are on the bus; empty if the bus does not answer.
    private var onDesktop: Set<String> {
        guard notes.read({ $0.busAnswers }) else { return [] }
        return (try? keyring.answering(among: Set(Self.desktop.values))) ?? []
    }

    func browser() -> Finding {
        let launcher = BrowserLauncher(
            search: search, browser: Environment.variable("BROWSER"), environment: Environment.forChildren)
        let programs = launcher.programs
        guard Environment.hasBrowser else {
            return .ok("none is opened here: there is no graphical session and no $BROWSER")
        }
        guard let first = programs.first, let chosen = programs.first(where: { $0.path != nil }), let path = chosen.path
        else {
            if onDesktop.contains(Self.portal), Portal.opensAddresses { return .ok("the desktop's portal opens it") }
            return .warning(
                "no program that opens a browser is there", mend: ["install xdg-utils, or set BROWSER to a browser"])
        }
        var details: [String: Finding.Detail] = ["program": .text(path)]
        if first.path == nil {
            return .warning(
                "$BROWSER names \(Messages.printable(first.name)), which is not there: \(path) is tried instead",
                mend: ["set BROWSER to a program that is there, or unset it"], details)
        }
        guard chosen.name == "gio" else { return .ok(path, details) }
        let said =
            OtherProgram.output(
                of: path, ["mime", "x-scheme-handler/https"], environment: Environment.environment) ?? ""
        // The output is "Default application for “x-scheme-handler/https”: firefox.desktop" and a list, or says that
        // there is none.
        let handler = said.split(separator: "\n").first { $0.hasPrefix("Default application for") }
            .flatMap { $0.split(separator: " ").last }.map(String.init)
        guard let handler else {
            return .warning(
                "\(path) is there, but knows no browser",
                mend: ["install one, or choose it: xdg-settings set default-web-browser NAME.desktop"], details)
        }
        details["handler"] = .text(handler)
        return .ok("\(path) opens \(handler)", details)
    }

    func signIn() throws -> Finding {
        let flow = host?.flow
        let policy = try InteractionPolicy(
            fromCommandLine: nil, fromConfiguration: notes.read { $0.parts }?.accounts.configuration.interaction,
            hasTerminal: { Terminal.isThere }, isInForeground: { Terminal.isInForeground },
            variable: Environment.variable)
        let request = try request ?? CredentialRequest(url: "https://example.com")
        let there = onDesktop
        let isRemote = Environment.variable("SSH_CONNECTION")?.isEmpty == false
        var details = Self.desktop.mapValues { Finding.Detail.truth(there.contains($0)) }
        details["terminal"] = .truth(Terminal.isThere)
        details["browser"] = .truth(Environment.hasBrowser)
        details["ssh"] = .truth(isRemote)
        guard policy.mightAsk(for: request, by: flow) else { return Self.unasked(policy, details) }
        if policy.callsByDesktop(for: request) {
            guard details["notifications"] == .truth(true) else {
                return .warning(
                    "nobody can be asked: there is no terminal, and the desktop shows no notifications",
                    mend: ["sign in by name: keyfob login URL"], details)
            }
            return .ok("in the browser of this machine, once a notification was taken up", details)
        }
        if flow == .device { return .ok("at another device, with a code", details) }
        if flow != .paste, Environment.hasBrowser { return .ok("in the browser of this machine", details) }
        let forwarding = isRemote ? ", or through ssh -L" : ""
        let alone = isRemote || flow != nil ? "" : "at another device where the server offers that, else "
        return .ok(alone + "in any browser, by pasting its last address" + forwarding, details)
    }

    /// The reason why keyfob prompts nobody, unless the user runs `keyfob login`.
    private static func unasked(_ policy: InteractionPolicy, _ details: [String: Finding.Detail]) -> Finding {
        let isNever = (policy.fromEnvironment ?? policy.fromConfiguration) == .never
        if isNever || policy.callerDeclined {
            let who =
                policy.fromEnvironment == .never
                ? "KEYFOB_INTERACTION"
                : isNever ? "interaction in the configuration" : "GIT_TERMINAL_PROMPT or GCM_INTERACTIVE"
            return .warning("nobody is asked: \(who) says so", mend: ["sign in by name: keyfob login URL"], details)
        }
        return .warning(
            "nobody can be asked: there is no terminal, no graphical session and no $BROWSER",
            mend: ["sign in on a terminal: keyfob login URL"], details)
    }
}
