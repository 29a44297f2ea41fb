import KernelKeyring
import Secrets

/// Asks a user without a terminal, by a desktop notification, whether to sign in now. Nothing opens before the user says
/// yes. Without a yes, keyfob does not ask again about that account for a while.
package struct DesktopPrompt: Sendable {
    let show: @Sendable (Account) async throws -> Answer
    let quiet: PromptCooldown

    /// - Parameters:
    ///   - quiet: the time without questions after one without a yes.
    ///   - show: shows the question, for as long as a sign-in may take (``Account/loginDeadline``).
    package init(quiet: PromptCooldown, show: @escaping @Sendable (Account) async throws -> Answer) {
        self.show = show
        self.quiet = quiet
    }

    /// For machines without a desktop.
    package static let none = DesktopPrompt(quiet: .none) { _ in .nobodyIsThere }

    /// The answer to the question.
    package enum Answer: Sendable, Equatable {
        case accepted
        case silence(Silence)
        /// The desktop shows no questions.
        case nobodyIsThere
    }

    /// Why there is no yes.
    package enum Silence: Sendable, Equatable {
        /// The user dismissed the question.
        case dismissed
        /// The user did not see it, or did not react.
        case unanswered
        /// The desktop showed it, but has no buttons for an answer.
        case told
        /// The user was asked a short while ago, and is not asked again for so many seconds.
        case quiet(seconds: Int64)
    }

    /// Returns if the user wants to sign in.
    ///
    /// - Parameter reason: why a sign-in is needed.
    /// - Throws: ``CredentialFailure``: `notNow` without a yes, `signInNeeded` if no desktop can ask.
    func call(for account: Account, because reason: CredentialFailure.SignInReason) async throws {
        if let seconds = quiet.left(account.id) {
            throw CredentialFailure.notNow(service: account.service, because: .quiet(seconds: seconds))
        }
        switch try await show(account) {
        case .accepted: return
        case .silence(let silence):
            quiet.begin(account.id)
            throw CredentialFailure.notNow(service: account.service, because: silence)
        case .nobodyIsThere: throw CredentialFailure.needsSignIn(account, because: reason)
        }
    }
}

/// The time in which keyfob does not ask the user again about an account.
package struct PromptCooldown: Sendable {
    /// The seconds that are left; nil if the time is over.
    package let left: @Sendable (_ account: String) -> Int64?
    let begin: @Sendable (_ account: String) -> Void

    /// Ten minutes, in seconds. An editor that fetches every three minutes then does not ask each time, and a question
    /// dismissed by mistake soon comes back. `keyfob login` works at any time.
    package static let length: Int64 = 600

    /// No time without questions.
    package static let none = PromptCooldown(left: { _ in nil }, begin: { _ in })

    /// Kernel memory, which all processes of the user share, and which deletes the entry in time. If the kernel refuses, there
    /// is no time without questions.
    ///
    /// - Parameters:
    ///   - keyring: another keyring than the user's own, for tests.
    ///   - now: seconds since 1970-01-01 UTC.
    package static func inKernelMemory(keyring: String = "keyfob", now: @escaping @Sendable () -> Int64)
        -> PromptCooldown
    {
        PromptCooldown(
            left: { account in
                let noted = KernelKeyring.existing(named: keyring)?.read(KeyNames.quiet(account: account))
                guard let end = noted?.exposedText.flatMap({ Int64($0) }) else { return nil }
                // A later end comes from a clock that was wrong.
                return (1...length).contains(end - now()) ? end - now() : nil
            },
            begin: { account in
                try? KernelKeyring.open(named: keyring).write(
                    KeyNames.quiet(account: account), Secret(String(now() + length)), lifetime: UInt32(length))
            })
    }
}
