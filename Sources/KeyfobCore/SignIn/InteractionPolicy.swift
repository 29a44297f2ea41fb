package import CredentialProtocol

/// Whether keyfob may ask the user to sign in.
///
/// The first of these that has a value decides: the command line, the request, `KEYFOB_INTERACTION`, the configuration. The
/// default is `auto`: keyfob asks if it can reach the user, unless the caller declined.
package struct InteractionPolicy: Sendable {
    /// The values of the command line, the environment and the configuration; nil if there is none.
    package var fromCommandLine: Interaction?
    package var fromEnvironment: Interaction?
    package var fromConfiguration: Interaction?
    /// Whether keyfob can reach the user for a flow: there is a terminal or, for the flow that opens a browser, a graphical
    /// session or a `$BROWSER`. Called only if it decides: most requests need no user.
    package var reachesSomebody: @Sendable (Account.Flow?) -> Bool
    /// Whether only the desktop can reach the user: there is a graphical session, and no terminal.
    package var reachesDesktopAlone: @Sendable () -> Bool
    /// Whether the caller's environment declines: `GIT_TERMINAL_PROMPT=0`, `GCM_INTERACTIVE=never`.
    package var callerDeclined: Bool

    /// - Parameters:
    ///   - hasTerminal: whether the user waits at a terminal, in whose foreground this process runs.
    ///   - variable: reads the environment.
    /// - Throws: ``ConfigurationError`` if `KEYFOB_INTERACTION` has another value: a user who wrote `no` must not see a
    ///   browser.
    package init(
        fromCommandLine: Interaction?, fromConfiguration: Interaction?, hasTerminal: @escaping @Sendable () -> Bool,
        variable: (String) -> String?
    ) throws(ConfigurationError) {
        func isSet(_ name: String) -> Bool { variable(name).map { !$0.isEmpty } ?? false }
        func isOneOf(_ name: String, _ words: [String]) -> Bool {
            variable(name).map { words.contains($0.lowercased()) } ?? false
        }
        self.fromCommandLine = fromCommandLine
        self.fromEnvironment = try Self.word("KEYFOB_INTERACTION", variable)
        self.fromConfiguration = fromConfiguration
        let hasDesktop = ["DISPLAY", "WAYLAND_DISPLAY"].contains(where: isSet)
        let hasBrowser = hasDesktop || isSet("BROWSER")
        reachesSomebody = { flow in (flow ?? .loopback) == .loopback && hasBrowser || hasTerminal() }
        reachesDesktopAlone = { hasDesktop && !hasTerminal() }
        callerDeclined =
            isOneOf("GIT_TERMINAL_PROMPT", ["0", "false", "no", "off", ""])  // git's own booleans.
            || isOneOf("GCM_INTERACTIVE", ["0", "false", "never", "no"])
    }

    private static func word(
        _ name: String, _ variable: (String) -> String?
    ) throws(ConfigurationError) -> Interaction? {
        guard let value = variable(name), !value.isEmpty else { return nil }
        guard let word = Interaction(rawValue: value) else {
            throw ConfigurationError(
                file: name, line: nil, key: nil,
                problem: .notAllowed(value: value, allowed: ["never", "auto", "always"]))
        }
        return word
    }

    /// Whether `request` allows to ask the user, unless git's settings decline.
    package func mightAsk(for request: CredentialRequest, by flow: Account.Flow?) -> Bool {
        switch mode(for: request) {
        case .never: false
        case .always: true
        case .auto: !callerDeclined && reachesSomebody(flow)
        }
    }

    /// Whether keyfob may ask the user for `request`.
    ///
    /// - Parameter gitDeclines: whether `credential.interactive` declines; called only if it decides.
    package func mayAsk(
        for request: CredentialRequest, by flow: Account.Flow?, gitDeclines: () async throws -> Bool
    ) async rethrows -> Bool {
        guard mightAsk(for: request, by: flow) else { return false }
        return mode(for: request) == .always ? true : try await !gitDeclines()
    }

    /// Whether the desktop first asks the user whether to sign in now, so that a program in the background does not open a
    /// browser without a question. With `always` the user has asked for the browser.
    package func callsByDesktop(for request: CredentialRequest) -> Bool {
        mode(for: request) == .auto && reachesDesktopAlone()
    }

    private func mode(for request: CredentialRequest) -> Interaction {
        fromCommandLine ?? request.interaction ?? fromEnvironment ?? fromConfiguration ?? .auto
    }
}
