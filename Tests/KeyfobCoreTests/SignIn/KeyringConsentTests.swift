import Files
import Glibc
import KernelKeyring
import SecretService
import Synchronization
import TestSupport
import Testing

@testable import KeyfobCore

/// The desktop asks the user before the keyring opens a window of its own.
@Suite struct `The question before a window of the keyring` {
    /// A desktop that gives one answer, and counts the questions.
    private final class Desktop: Sendable {
        let answer: DesktopPrompt.Answer
        let questions = Mutex(0)

        init(_ answer: DesktopPrompt.Answer) { self.answer = answer }

        func consent(_ directory: String, _ keyring: String, isAbandoned: Bool = false) -> KeyringConsent {
            KeyringConsent(
                lock: AccountLock(directory: directory, isAbandoned: { isAbandoned }),
                quiet: .inKernelMemory(keyring: keyring, now: { 1_800_000_000 })
            ) { _, _, isGivenUp in
                self.questions.withLock { $0 += 1 }
                _ = isGivenUp()
                return self.answer
            }
        }
    }

    private func withSession(_ body: (_ directory: String, _ keyring: String) async throws -> Void) async throws {
        let name = "keyfob-test-\(getpid())-\(UInt64.random(in: 0...UInt64.max))"
        defer { KernelKeyring.existing(named: name)?.discard() }
        try await withTemporaryDirectory { try await body($0 + "/run", name) }
    }

    @Test(arguments: [(.accepted, nil), (.nobodyIsThere, .locked)] as [(DesktopPrompt.Answer, SecretServiceError?)])
    func `lets the window open after a yes, and never on a desktop without notifications`(
        _ answer: DesktopPrompt.Answer, _ expected: SecretServiceError?
    ) async throws {
        try await withSession { directory, keyring in
            let desktop = Desktop(answer)
            for _ in 0..<2 {
                let consent = desktop.consent(directory, keyring)
                #expect(consent.ask(about: .kwallet, within: .seconds(5)) { false } == expected)
            }
            #expect(desktop.questions.withLock(\.self) == 2)
        }
    }

    @Test(
        arguments: [
            (.dismissed, .promptDismissed), (.unanswered, .promptUnanswered(seconds: 1)),
            (.told, .notAskedAgain(seconds: 600)),
        ] as [(DesktopPrompt.Silence, SecretServiceError)])
    func `is asked once in ten minutes without a yes`(
        _ silence: DesktopPrompt.Silence, _ expected: SecretServiceError
    ) async throws {
        try await withSession { directory, keyring in
            let desktop = Desktop(.silence(silence))
            let answers = (0..<3).map { _ in
                desktop.consent(directory, keyring).ask(about: .gnomeKeyring, within: .seconds(5)) { false }
            }
            #expect(answers == [expected, .notAskedAgain(seconds: 600), .notAskedAgain(seconds: 600)])
            #expect(desktop.questions.withLock(\.self) == 1)
            // Another session of the same user has another keyring.
            #expect(
                desktop.consent(directory + "2", keyring).ask(about: .gnomeKeyring, within: .seconds(5)) { false }
                    == expected)
        }
    }

    @Test func `is not asked for a while if the user does not answer the window`() async throws {
        try await withSession { directory, keyring in
            let desktop = Desktop(.accepted)
            let consent = desktop.consent(directory, keyring)
            #expect(consent.ask(about: .kwallet, within: .seconds(5)) { false } == nil)
            consent.beforeWindow.windowWasRefused()
            let next = desktop.consent(directory, keyring)
            #expect(next.ask(about: .kwallet, within: .seconds(5)) { false } == .notAskedAgain(seconds: 600))
            #expect(desktop.questions.withLock(\.self) == 1)
        }
    }

    @Test func `is needless if the keyring is unlocked meanwhile`() async throws {
        try await withSession { directory, keyring in
            let desktop = Desktop(.silence(.unanswered))
            #expect(desktop.consent(directory, keyring).ask(about: .kwallet, within: .seconds(5)) { true } == nil)
            #expect(desktop.questions.withLock(\.self) == 0)
        }
    }

    @Test func `leaves no quiet time if the caller has ended`() async throws {
        try await withSession { directory, keyring in
            let desktop = Desktop(.silence(.unanswered))
            for _ in 0..<2 {
                let consent = desktop.consent(directory, keyring, isAbandoned: true)
                #expect(consent.ask(about: .kwallet, within: .seconds(5)) { false } == .locked)
            }
            #expect(desktop.questions.withLock(\.self) == 2)
        }
    }

    @Test func `waits for another process that asks, and at most for its time`() async throws {
        try await withSession { directory, keyring in
            let desktop = Desktop(.accepted)
            let first = desktop.consent(directory, keyring)
            #expect(first.ask(about: .kwallet, within: .seconds(5)) { false } == nil)
            let second = desktop.consent(directory, keyring)
            #expect(second.ask(about: .kwallet, within: .seconds(1)) { false } == .promptUnanswered(seconds: 1))
            var looks = 0
            let third = desktop.consent(directory, keyring)
            let answer = third.ask(about: .kwallet, within: .seconds(5)) {
                looks += 1
                return looks > 1
            }
            #expect(answer == nil)
            #expect(desktop.questions.withLock(\.self) == 1)
            withExtendedLifetime(first) {}
        }
    }
}
