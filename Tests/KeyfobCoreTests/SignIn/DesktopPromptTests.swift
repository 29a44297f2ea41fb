import CredentialProtocol
import Glibc
import KernelKeyring
import Secrets
import Testing

@testable import KeyfobCore

/// A person who is asked by their desktop.
@Suite struct `The question on the desktop` {
    private static let start: Int64 = 1_800_000_000

    /// Asks once, with what came of it in place of a desktop; nil where the person wants to sign in.
    private func failure(_ answer: DesktopPrompt.Answer, _ quiet: PromptCooldown = .none) async throws
        -> CredentialFailure?
    {
        let account = try Account.example()
        do {
            try await DesktopPrompt(quiet: quiet) { _ in answer }.call(for: account, because: .grantEnded)
            return nil
        } catch let failure as CredentialFailure {
            return failure
        }
    }

    private func withKeyring(_ body: (String) async throws -> Void) async throws {
        let name = "keyfob-test-\(getpid())-\(UInt64.random(in: 0...UInt64.max))"
        defer { KernelKeyring.existing(named: name)?.discard() }
        try await body(name)
    }

    @Test func `is accepted, or not, or cannot be asked`() async throws {
        let service = try Account.example().service
        #expect(try await failure(.accepted) == nil)
        #expect(try await failure(.nobodyIsThere) == .signInNeeded(service: service, because: .grantEnded))
        for silence in [DesktopPrompt.Silence.dismissed, .unanswered, .told] {
            #expect(try await failure(.silence(silence)) == .notNow(service: service, because: silence))
        }
    }

    @Test func `is not asked again for ten minutes without a yes, by any process`() async throws {
        try await withKeyring { keyring in
            let (service, start) = (try Account.example().service, Self.start)
            func quiet(_ later: Int64) -> PromptCooldown { .inKernelMemory(keyring: keyring, now: { start + later }) }
            #expect(try await failure(.silence(.dismissed), quiet(0)) != nil)
            #expect(
                try await failure(.accepted, quiet(60)) == .notNow(service: service, because: .quiet(seconds: 540)))
            #expect(try await failure(.accepted, quiet(600)) == nil)
            // A clock that was set back, too.
            #expect(try await failure(.accepted, quiet(-1)) == nil)
        }
    }

    @Test(arguments: [DesktopPrompt.Answer.accepted, .nobodyIsThere])
    func `may be asked again at once if nobody declined`(_ answer: DesktopPrompt.Answer) async throws {
        try await withKeyring { keyring in
            _ = try await failure(answer, .inKernelMemory(keyring: keyring, now: { Self.start }))
            #expect(KernelKeyring.existing(named: keyring) == nil)
        }
    }

    @Test(arguments: ["soon", "1799999999", "1800000601", "99999999999999999999"])
    func `is asked despite a note with an impossible time`(_ text: String) async throws {
        try await withKeyring { keyring in
            let name = KeyNames.quiet(account: try Account.example().id)
            try KernelKeyring.open(named: keyring).write(name, Secret(text), lifetime: 60)
            #expect(try await failure(.accepted, .inKernelMemory(keyring: keyring, now: { Self.start })) == nil)
        }
    }
}

@Suite struct `The program that asks` {
    /// The name of the program above processes of these names, the nearest first.
    private func name(above names: [String]) -> String? {
        AskingProgram.name(above: 100) { id in
            let place = Int(id) - 100
            return names.indices.contains(place) ? (names[place], place + 1 < names.count ? id + 1 : 1) : nil
        }
    }

    @Test(
        arguments: [
            (["code", "systemd"], "code"),
            (["git", "sh", "git-remote-https", "git", "code", "gnome-shell"], "code"),
            (["git-credential-keyfob", "git", "bash", "emacs"], "emacs"),
            (["docker-credential-keyfob", "docker"], "docker"),
            // Nobody but git and shells: a timer
            (["git", "sh", "systemd"], nil), (["git", "sh"], nil), ([], nil),
            // What only looks like git
            (["git", "gitg"], "gitg"), (["bash-completion-server"], "bash-completion-server"),
        ] as [([String], String?)])
    func `is the nearest that the user would know`(_ names: [String], _ expected: String?) {
        #expect(name(above: names) == expected)
    }

    @Test func `is searched for in a limited number of processes`() {
        #expect(AskingProgram.name(above: 100) { id in ("git", id) } == nil)
    }

    @Test func `is read from proc(5)`() throws {
        let parent = try #require(AskingProgram.process(getpid()))
        #expect(parent.parent == getppid())
        #expect(parent.name.hasPrefix("swiftpm-") || parent.name.contains("Tests") || parent.name == "xctest")
        #expect(AskingProgram.process(-1) == nil)
    }
}
