import KernelKeyring
import Secrets

/// Asks a person who sees no terminal, by their desktop, whether they want to sign in now. Nothing is opened before they
/// have said so; and once they have not, they are left alone about that account for a while.
package struct DesktopPrompt: Sendable {
    let show: @Sendable (Account) async throws -> Answer
    let quiet: PromptCooldown

    /// - Parameter show: shows the question for as long as a sign-in may take (``Account/loginDeadline``).
    package init(quiet: PromptCooldown, show: @escaping @Sendable (Account) async throws -> Answer) {
        self.show = show
        self.quiet = quiet
    }

    /// Where there is no desktop that could ask.
    package static let none = DesktopPrompt(quiet: .none) { _ in .nobodyIsThere }

    /// What came of the question.
    package enum Answer: Sendable, Equatable {
        case accepted
        case silence(Silence)
        /// The desktop shows no questions.
        case nobodyIsThere
    }

    /// Why nobody comes.
    package enum Silence: Sendable, Equatable {
        /// The person sent the question away.
        case dismissed
        /// They did not see it, or did nothing about it.
        case unanswered
        /// They were told, by a desktop on which nothing can be answered.
        case told
        /// They were asked a short while ago; for so many seconds they are not asked again.
        case quiet(seconds: Int64)
    }

    /// Returns when the person wants to sign in.
    ///
    /// - Parameter reason: why they have to.
    /// - Throws: `notNow` where they do not, `signInNeeded` where nothing asks them.
    func call(for account: Account, because reason: CredentialFailure.SignInReason) async throws {
        if let seconds = quiet.left(account.id) {
            throw CredentialFailure.notNow(service: account.service, because: .quiet(seconds: seconds))
        }
        switch try await show(account) {
        case .accepted: return
        case .silence(let silence):
            quiet.begin(account.id)
            throw CredentialFailure.notNow(service: account.service, because: silence)
        case .nobodyIsThere: throw CredentialFailure.signInNeeded(service: account.service, because: reason)
        }
    }
}

/// The time in which a person is not asked again about an account.
package struct PromptCooldown: Sendable {
    /// How many seconds of it are left; nil where it is over.
    package let left: @Sendable (_ account: String) -> Int64?
    let begin: @Sendable (_ account: String) -> Void

    /// Ten minutes, in seconds: an editor that fetches every three minutes does not nag, and nobody waits for long after
    /// a slip of the hand. `keyfob login` is there at any time.
    package static let length: Int64 = 600

    /// Nobody is ever left alone.
    package static let none = PromptCooldown(left: { _ in nil }, begin: { _ in })

    /// Kernel memory, where all processes of a person find it, and which forgets it in time. Where the kernel refuses,
    /// nobody is left alone.
    ///
    /// - Parameters:
    ///   - keyring: another keyring than the person's own, for tests.
    ///   - now: seconds since 1970-01-01 UTC.
    package static func inKernelMemory(keyring: String = "keyfob", now: @escaping @Sendable () -> Int64)
        -> PromptCooldown
    {
        PromptCooldown(
            left: { account in
                let noted = KernelKeyring.existing(named: keyring)?.read(KeyNames.quiet(account: account))
                guard let end = noted?.exposedText.flatMap({ Int64($0) }) else { return nil }
                // A time further away than that was written by another clock than the one that reads it.
                return (1...length).contains(end - now()) ? end - now() : nil
            },
            begin: { account in
                try? KernelKeyring.open(named: keyring).write(
                    KeyNames.quiet(account: account), Secret(String(now() + length)), lifetime: UInt32(length))
            })
    }
}
