import CredentialProtocol
import Testing

@testable import KeyfobCore

/// Decides whether keyfob may ask the user.
@Suite struct `Whether the user may be asked` {
    struct Case: Sendable, CustomTestStringConvertible {
        var commandLine: Interaction?
        var request: Interaction?
        var variables: [String: String] = [:]
        var configuration: Interaction?
        var hasTerminal = false
        var gitDeclines = false
        var flow = Account.Flow.loopback
        var mayAsk: Bool
        var testDescription: String {
            "\(commandLine.map { "\($0)" } ?? "-") \(request.map { "\($0)" } ?? "-") \(variables) "
                + "\(configuration.map { "\($0)" } ?? "-") \(hasTerminal) \(gitDeclines) \(flow)"
        }
    }

    static let cases: [Case] = [
        // No value is set: keyfob may ask if it can reach the user
        Case(mayAsk: false), Case(hasTerminal: true, mayAsk: true),
        Case(variables: ["DISPLAY": ":0"], mayAsk: true),
        Case(variables: ["WAYLAND_DISPLAY": "wayland-0"], mayAsk: true),
        Case(variables: ["BROWSER": "lynx"], mayAsk: true),
        Case(variables: ["DISPLAY": "", "WAYLAND_DISPLAY": "", "BROWSER": ""], mayAsk: false),
        // The device and paste flows need a terminal, not a browser
        Case(variables: ["DISPLAY": ":0", "BROWSER": "x"], flow: .paste, mayAsk: false),
        Case(variables: ["DISPLAY": ":0", "BROWSER": "x"], flow: .device, mayAsk: false),
        Case(hasTerminal: true, flow: .paste, mayAsk: true), Case(hasTerminal: true, flow: .device, mayAsk: true),
        Case(commandLine: .always, flow: .paste, mayAsk: true),
        // The caller declines
        Case(variables: ["GIT_TERMINAL_PROMPT": "0"], hasTerminal: true, mayAsk: false),
        Case(variables: ["GIT_TERMINAL_PROMPT": "False"], hasTerminal: true, mayAsk: false),
        Case(variables: ["GIT_TERMINAL_PROMPT": ""], hasTerminal: true, mayAsk: false),
        Case(variables: ["GIT_TERMINAL_PROMPT": "1"], hasTerminal: true, mayAsk: true),
        Case(variables: ["GCM_INTERACTIVE": "never"], hasTerminal: true, mayAsk: false),
        Case(variables: ["GCM_INTERACTIVE": "Never"], hasTerminal: true, mayAsk: false),
        Case(variables: ["GCM_INTERACTIVE": "0"], hasTerminal: true, mayAsk: false),
        Case(variables: ["GCM_INTERACTIVE": "auto"], hasTerminal: true, mayAsk: true),
        Case(variables: ["GCM_INTERACTIVE": "never", "DISPLAY": ":0", "BROWSER": "x"], mayAsk: false),
        Case(hasTerminal: true, gitDeclines: true, mayAsk: false),
        // `never` and `always` do not depend on a terminal or a browser
        Case(commandLine: .never, variables: ["DISPLAY": ":0"], hasTerminal: true, mayAsk: false),
        Case(commandLine: .always, mayAsk: true), Case(request: .always, mayAsk: true),
        Case(variables: ["KEYFOB_INTERACTION": "always"], mayAsk: true), Case(configuration: .always, mayAsk: true),
        Case(commandLine: .always, variables: ["GIT_TERMINAL_PROMPT": "0"], gitDeclines: true, mayAsk: true),
        Case(configuration: .never, hasTerminal: true, mayAsk: false),
        // The first value that is set counts
        Case(commandLine: .never, request: .always, mayAsk: false),
        Case(request: .never, variables: ["KEYFOB_INTERACTION": "always"], configuration: .always, mayAsk: false),
        Case(variables: ["KEYFOB_INTERACTION": "never"], configuration: .always, hasTerminal: true, mayAsk: false),
        Case(variables: ["KEYFOB_INTERACTION": "always"], configuration: .never, mayAsk: true),
        Case(commandLine: .auto, request: .always, configuration: .always, mayAsk: false),
        Case(commandLine: .auto, request: .never, hasTerminal: true, mayAsk: true),
    ]

    private func policy(_ case: Case) throws -> InteractionPolicy {
        try InteractionPolicy(
            fromCommandLine: `case`.commandLine, fromConfiguration: `case`.configuration,
            hasTerminal: { `case`.hasTerminal }, variable: { `case`.variables[$0] })
    }

    @Test(arguments: cases)
    func `follows the first value, and the caller's wish if that is auto`(_ case: Case) async throws {
        var request = CredentialRequest.git()
        request.interaction = `case`.request
        let policy = try policy(`case`)
        #expect(
            await policy.mayAsk(for: request, by: `case`.flow, gitDeclines: { `case`.gitDeclines }) == `case`.mayAsk)
        // The decision without git never forbids a question that the decision with git allows.
        #expect(policy.mightAsk(for: request, by: `case`.flow) == (`case`.mayAsk || `case`.gitDeclines))
    }

    @Test(arguments: [Interaction.never, .always])
    func `does not ask git if git does not decide`(_ mode: Interaction) async throws {
        struct Asked: Error {}
        let policy = try policy(Case(commandLine: mode, hasTerminal: true, mayAsk: false))
        _ = try await policy.mayAsk(for: .git(), by: .loopback, gitDeclines: { throw Asked() })
        let unreachable = try self.policy(Case(mayAsk: false))
        #expect(try await !unreachable.mayAsk(for: .git(), by: .loopback, gitDeclines: { throw Asked() }))
    }

    @Test(arguments: ["maybe", "Never", " never", "0", "false"])
    func `is an error if KEYFOB_INTERACTION has an unknown value`(_ value: String) {
        #expect(
            throws: ConfigurationError(
                file: "KEYFOB_INTERACTION", line: nil, key: nil,
                problem: .notAllowed(value: value, allowed: ["never", "auto", "always"]))
        ) { try policy(Case(variables: ["KEYFOB_INTERACTION": value], mayAsk: false)) }
    }

    @Test func `treats an empty KEYFOB_INTERACTION as none`() async throws {
        let policy = try policy(Case(variables: ["KEYFOB_INTERACTION": ""], configuration: .always, mayAsk: true))
        #expect(policy.mightAsk(for: .git(), by: .loopback))
    }

    @Test(
        arguments: [
            (["DISPLAY": ":0"], false, nil, true), (["WAYLAND_DISPLAY": "wayland-0"], false, nil, true),
            (["DISPLAY": ":0", "BROWSER": "firefox"], false, nil, true),
            // The terminal comes first if there is one
            (["DISPLAY": ":0"], true, nil, false),
            // Only a browser: no desktop can ask
            (["BROWSER": "lynx"], false, nil, false), (["DISPLAY": "", "BROWSER": "lynx"], false, nil, false),
            ([:], false, nil, false),
            // With `always`, nobody asks whether the user wants to sign in
            (["DISPLAY": ":0"], false, .always, false), (["DISPLAY": ":0"], false, .never, false),
            (["DISPLAY": ":0", "KEYFOB_INTERACTION": "always"], false, nil, false),
        ] as [([String: String], Bool, Interaction?, Bool)])
    func `uses the desktop if there is one and no terminal`(
        _ variables: [String: String], _ hasTerminal: Bool, _ commandLine: Interaction?, _ calls: Bool
    ) throws {
        let policy = try policy(
            Case(commandLine: commandLine, variables: variables, hasTerminal: hasTerminal, mayAsk: true))
        #expect(policy.callsByDesktop(for: .git()) == calls)
    }
}
