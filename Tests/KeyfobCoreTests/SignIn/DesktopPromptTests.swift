import Addresses
import CredentialProtocol
import Glibc
import KernelKeyring
import Secrets
import Testing

@testable import KeyfobCore

/// The desktop asks the user whether to sign in.
@Suite struct `The question on the desktop` {
    private static let start: Int64 = 1_800_000_000

    /// Asks once, with `answer` as the desktop's result. Returns nil if the user wants to sign in.
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

    @Test func `is accepted, declined, or not possible`() async throws {
        let service = try Account.example().service
        #expect(try await failure(.accepted) == nil)
        #expect(try await failure(.nobodyIsThere) == .signInNeeded(service: service, because: .grantEnded))
        for silence in [DesktopPrompt.Silence.dismissed, .unanswered, .told] {
            #expect(try await failure(.silence(silence)) == .notNow(service: service, because: silence))
        }
    }

    @Test func `is not repeated for ten minutes after a no, by any process`() async throws {
        try await withKeyring { keyring in
            let (service, start) = (try Account.example().service, Self.start)
            func quiet(_ later: Int64) -> PromptCooldown { .inKernelMemory(keyring: keyring, now: { start + later }) }
            #expect(try await failure(.silence(.dismissed), quiet(0)) != nil)
            #expect(
                try await failure(.accepted, quiet(60)) == .notNow(service: service, because: .quiet(seconds: 540)))
            #expect(try await failure(.accepted, quiet(600)) == nil)
            // Also after the clock was set back.
            #expect(try await failure(.accepted, quiet(-1)) == nil)
        }
    }

    @Test(arguments: [DesktopPrompt.Answer.accepted, .nobodyIsThere])
    func `may be repeated at once if nobody declined`(_ answer: DesktopPrompt.Answer) async throws {
        try await withKeyring { keyring in
            _ = try await failure(answer, .inKernelMemory(keyring: keyring, now: { Self.start }))
            #expect(KernelKeyring.existing(named: keyring) == nil)
        }
    }

    @Test(arguments: ["soon", "1799999999", "1800000601", "99999999999999999999"])
    func `is asked if the time in kernel memory is impossible`(_ text: String) async throws {
        try await withKeyring { keyring in
            let name = KeyNames.quiet(account: try Account.example().id)
            try KernelKeyring.open(named: keyring).write(name, Secret(text), lifetime: 60)
            #expect(try await failure(.accepted, .inKernelMemory(keyring: keyring, now: { Self.start })) == nil)
        }
    }
}
