import CredentialProtocol
import Glibc
import TestSupport
import Testing

@testable import Doctor
@testable import KeyfobCore

/// The checks of files, git, browsers and sign-ins on this machine.
@Suite struct `Checks of the machine` {
    private static func state(_ activity: AccountLock.Activity, _ holder: Int32? = nil) -> AccountLock.State {
        .init(holder: holder, activity: activity)
    }

    static let locks: [([AccountLock.State], Finding.Status, String)] = [
        ([], .ok, "none is held"),
        ([state(.unknown), state(.asking)], .ok, "none is held"),
        ([state(.unknown), state(.asking, 7)], .ok, "process 7 holds one and asks the user to sign in"),
        ([state(.refreshing, 7)], .ok, "process 7 holds one and refreshes a token"),
        ([state(.answerLost)], .warning, "none is held; the response to the last refresh was lost"),
        ([state(.refreshing)], .warning, "none is held; the response to the last refresh was lost"),
    ]

    @Test(arguments: locks)
    func `locks tell who holds one, and whether a response was lost`(
        _ states: [AccountLock.State], _ status: Finding.Status, _ summary: String
    ) {
        let finding = LocksCheck.finding(states)
        #expect((finding.status, finding.summary) == (status, summary))
        #expect(finding.details["locks"] == .number(Int64(states.count)))
    }

    @Test func `an error of the configuration fails the check`() async throws {
        let error = ConfigurationError(file: "c", line: 1, key: nil, problem: .unknownKey)
        #expect(try await FakeParts(configurationError: error).look(ConfigurationCheck()).status == .failed)
        var configuration = Configuration()
        #expect(try await FakeParts(configuration: configuration).look(ConfigurationCheck()).status == .ok)
        configuration.unreadableApprovals = error
        #expect(try await FakeParts(configuration: configuration).look(ConfigurationCheck()).status == .failed)
    }

    // git.

    @Test(
        arguments: [
            (GitVersion(2, 46), [], .ok, "git 2.46"),
            (GitVersion(2, 41), [], .ok, "git 2.41, which supports only Basic (authtype, git 2.46)"),
            (
                GitVersion(2, 40), [], .warning,
                "git 2.40 does not tell helpers what a service asks for (wwwauth, git 2.41)"
            ),
            (
                GitVersion(2, 40), ["http.proxy"], .warning,
                "git 2.40; keyfob does not heed settings of this directory alone: http.proxy"
            ),
        ] as [(GitVersion, [String], Finding.Status, String)])
    func `git is judged by its version and by settings of this directory`(
        _ version: GitVersion, _ unheeded: [String], _ status: Finding.Status, _ summary: String
    ) {
        let finding = GitCheck.finding(version, unheeded: unheeded)
        #expect((finding.status, finding.summary) == (status, summary))
    }

    @Test(
        arguments: [
            (["keyfob"], .ok, "keyfob (f)", []), (["keyfob", "oauth"], .ok, "keyfob (f), then oauth (f)", []),
            ([], .warning, "git does not ask keyfob", ["run: keyfob setup git --apply"]),
            (
                ["cache", "keyfob"], .warning, "git asks cache first, and keyfob only if that has no answer",
                [
                    "put keyfob before it, or remove it from credential.helper in f",
                    "remove it from credential.helper in f",
                ]
            ),
        ] as [([String], Finding.Status, String, [String])])
    func `helpers warn of the worst concern, with a hint for each`(
        _ helpers: [String], _ status: Finding.Status, _ summary: String, _ hints: [String]
    ) {
        let output = helpers.map { "file:f\0credential.helper\n\($0)\0" }.joined()
        let finding = HelpersCheck.finding(HelperChain(Array(output.utf8), for: nil))
        #expect((finding.status, finding.summary, finding.hints) == (status, summary, hints))
    }

    @Test func `a git that hangs is told apart from a missing git`() async throws {
        try await withTemporaryDirectory { home in
            let parts = FakeParts(variables: ["PATH": home], patience: .seconds(1))
            #expect(try await parts.look(GitCheck()).summary == "git is not installed, or does not print its version")
            try await writeScript("exec /bin/sleep 600", to: home + "/git")
            let finding = try await parts.look(GitCheck())
            #expect((finding.status, finding.summary) == (.failed, "git did not answer within 1 seconds"))
            #expect(finding.exitStatus == 78)
        }
    }

    @Test func `doors tell what is missing, and the version of another keyfob`() async throws {
        try await withTemporaryDirectory { home in
            let (ours, others) = (home + "/ours", home + "/others")
            for directory in [ours, others] { #expect(unsafe mkdir(directory, 0o700) == 0) }
            func summary(_ path: String, callers: [String] = []) async throws -> String {
                try await FakeParts(variables: ["PATH": path], directory: ours, callers: callers)
                    .look(DoorsCheck()).summary
            }
            #expect(try await summary(ours) == "git-credential-keyfob is not beside keyfob in \(ours)")
            try await writeScript("exit 1", to: ours + "/git-credential-keyfob")
            #expect(try await summary(home) == "git does not find git-credential-keyfob, which is not on PATH")
            #expect(try await summary(ours) == "keyfob and git-credential-keyfob 1.2.3, both in \(ours)")
            try await writeScript("exit 1", to: others + "/docker-credential-keyfob")
            let path = "\(ours):\(others)"
            let other = "\(others)/docker-credential-keyfob belongs to another keyfob, "
            #expect(try await summary(path, callers: ["docker-credential-keyfob"]) == other + "of unknown version")
            try await writeScript("echo 0.0.9; echo more", to: others + "/keyfob")
            #expect(try await summary(path, callers: ["docker-credential-keyfob"]) == other + "version 0.0.9")
        }
    }

    // The user.

    @Test func `a browser is not needed without a graphical session`() async throws {
        #expect(try await FakeParts().look(BrowserCheck()).status == .ok)
    }

    @Test func `a $BROWSER that does not exist is a warning`() async throws {
        try await withTemporaryDirectory { home in
            let variables = ["PATH": home, "BROWSER": "netscape"]
            let none = try await FakeParts(variables: variables).look(BrowserCheck())
            #expect(none.summary == "no program that opens a browser is installed")
            try await writeScript("exit 0", to: home + "/xdg-open")
            let another = try await FakeParts(variables: variables).look(BrowserCheck())
            #expect(
                another.summary
                    == "$BROWSER names netscape, which does not exist; keyfob tries \(home)/xdg-open instead")
            try await writeScript("exit 0", to: home + "/netscape")
            #expect(
                try await FakeParts(variables: variables).look(BrowserCheck())
                    == .ok(
                        home + "/netscape", ["program": .text(home + "/netscape")]))
        }
    }

    @Test(
        arguments: [
            ("Default application for “x-scheme-handler/https”: firefox.desktop\nRegistered\n", "firefox.desktop"),
            ("No default applications for “x-scheme-handler/https”\n", nil), ("", nil),
        ] as [(String, String?)])
    func `gio must know a browser`(_ output: String, _ handler: String?) {
        let finding = BrowserCheck.finding(gio: "/usr/bin/gio", output: output)
        #expect(finding.status == (handler == nil ? .warning : .ok))
        #expect(finding.details["handler"] == handler.map { .text($0) })
    }

    private struct Setting {
        var variables: [String: String] = [:]
        var terminal = false
        var browser = false
        var ssh = false
        var flow: Account.Flow?
        var desktop: Set<DesktopService> = []
    }

    private static let signIns: [(Setting, Finding.Status, String)] = [
        (Setting(), .warning, "keyfob cannot ask the user: there is no terminal, no graphical session and no $BROWSER"),
        (
            Setting(variables: ["KEYFOB_INTERACTION": "never"], terminal: true), .warning,
            "keyfob must not ask the user: KEYFOB_INTERACTION says so"
        ),
        (
            Setting(variables: ["GIT_TERMINAL_PROMPT": "0"], terminal: true), .warning,
            "keyfob must not ask the user: GIT_TERMINAL_PROMPT or GCM_INTERACTIVE says so"
        ),
        (
            Setting(variables: ["DISPLAY": ":0"], browser: true), .warning,
            "keyfob cannot ask the user: there is no terminal, and the desktop shows no notifications"
        ),
        (
            Setting(variables: ["DISPLAY": ":0"], browser: true, desktop: [.notifications]), .ok,
            "in the browser of this machine, after the user accepts a notification"
        ),
        (Setting(terminal: true, browser: true), .ok, "in the browser of this machine"),
        (Setting(terminal: true, browser: true, flow: .device), .ok, "on another device, with a code"),
        (
            Setting(terminal: true), .ok,
            "on another device if the server supports it, else in any browser, by pasting the address of its last page"
        ),
        (
            Setting(terminal: true, ssh: true), .ok,
            "in any browser, by pasting the address of its last page, or through ssh -L"
        ),
    ]

    @Test(arguments: signIns.indices)
    func `a sign-in is described by what works here`(_ index: Int) throws {
        let (setting, status, summary) = Self.signIns[index]
        let policy = try InteractionPolicy(
            fromCommandLine: nil, fromConfiguration: nil, hasTerminal: { setting.terminal },
            variable: { setting.variables[$0] })
        let finding = SignInCheck.finding(
            CredentialRequest(protocolName: "https", host: "example.com"), policy,
            .init(
                flow: setting.flow, hasTerminal: setting.terminal, hasBrowser: setting.browser, isRemote: setting.ssh,
                desktop: setting.desktop))
        #expect((finding.status, finding.summary) == (status, summary))
        #expect(finding.details["ssh"] == .truth(setting.ssh))
    }
}
