package import CredentialProtocol

/// Whether a person may be asked to sign in.
///
/// The first of these that says something holds: the command line, the request, `KEYFOB_INTERACTION`, the
/// configuration; else `auto`. `auto` asks where somebody can be reached, unless the caller declined.
package struct InteractionPolicy: Sendable {
    /// What the command line, the environment and the configuration said, in that order; nil where they said nothing.
    package var fromCommandLine: Interaction?
    package var fromEnvironment: Interaction?
    package var fromConfiguration: Interaction?
    /// Whether somebody can be reached for that flow: there is a terminal or, for the flow that opens a browser, a
    /// graphical session or a `$BROWSER`. Looked at only where it decides: most requests need nobody.
    package var reachesSomebody: @Sendable (Account.Flow?) -> Bool
    /// Whether it is by their desktop alone that they are reached: there is a graphical session, and no terminal, or one from
    /// which they have sent us into the background.
    package var reachesDesktopAlone: @Sendable () -> Bool
    /// Whether the caller's environment declined: `GIT_TERMINAL_PROMPT=0`, `GCM_INTERACTIVE=never`.
    package var callerDeclined: Bool

    /// - Parameters:
    ///   - variable: the environment.
    ///   - hasTerminal: tells whether standard error or the controlling terminal is one.
    ///   - isInForeground: tells whether somebody may look at it who waits for us.
    /// - Throws: where `KEYFOB_INTERACTION` is none of its words: who wrote `no` shall not see a browser.
    package init(
        fromCommandLine: Interaction?, fromConfiguration: Interaction?, hasTerminal: @escaping @Sendable () -> Bool,
        isInForeground: @escaping @Sendable () -> Bool = { true }, variable: (String) -> String?
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
        reachesDesktopAlone = { hasDesktop && !(hasTerminal() && isInForeground()) }
        callerDeclined =
            isOneOf("GIT_TERMINAL_PROMPT", ["0", "false", "no", "off", ""])  // git's own reading of a boolean
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

    /// Whether a person may be asked for the sake of `request`, unless git's settings decline.
    package func mightAsk(for request: CredentialRequest, by flow: Account.Flow?) -> Bool {
        switch mode(for: request) {
        case .never: false
        case .always: true
        case .auto: !callerDeclined && reachesSomebody(flow)
        }
    }

    /// Whether a person may be asked for the sake of `request`.
    ///
    /// - Parameter gitDeclines: whether `credential.interactive` declines; asked for only where it decides.
    package func mayAsk(
        for request: CredentialRequest, by flow: Account.Flow?, gitDeclines: () async throws -> Bool
    ) async rethrows -> Bool {
        guard mightAsk(for: request, by: flow) else { return false }
        return mode(for: request) == .always ? true : try await !gitDeclines()
    }

    /// Whether the person is to be asked by their desktop first, for the sake of `request`, whether they want to sign in now:
    /// nobody has a browser thrown at them by a program in the background. Who said `always` wants just that.
    package func callsByDesktop(for request: CredentialRequest) -> Bool {
        mode(for: request) == .auto && reachesDesktopAlone()
    }

    private func mode(for request: CredentialRequest) -> Interaction {
        fromCommandLine ?? request.interaction ?? fromEnvironment ?? fromConfiguration ?? .auto
    }
}
