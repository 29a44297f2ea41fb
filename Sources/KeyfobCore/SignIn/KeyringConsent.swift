import Files
import Glibc
import KernelKeyring
package import SecretService
import Synchronization

/// Asks a user without a terminal, by a desktop notification, whether the locked keyring may show its window. One process
/// asks at a time. Without a yes, no process asks again for a while.
package struct KeyringConsent: Sendable {
    /// Shows the question for at most the time, and waits. Ends if the answer is no longer needed.
    package typealias Show = @Sendable (KeyringProgram, Duration, _ isGivenUp: () -> Bool) -> DesktopPrompt.Answer

    private let lock: AccountLock
    private let quiet: PromptCooldown
    private let show: Show
    /// Locked from the question to the end of this process, which uses the unlocked keyring then.
    private let held = Held()

    private final class Held: Sendable {
        let file = Mutex<OpenFile?>(nil)
    }

    /// - Parameter quiet: the time without questions after one without a yes.
    package init(lock: AccountLock, quiet: PromptCooldown, show: @escaping Show) {
        (self.lock, self.quiet, self.show) = (lock, quiet, show)
    }

    /// The form in which the keyring calls it.
    package var beforeWindow: WindowConsent {
        WindowConsent(
            ask: { ask(about: $0, within: $1, isUnlocked: $2) },
            windowWasRefused: {
                quiet.begin(question)
                held.file.withLock { $0 = nil }
            })
    }

    /// - Returns: why the keyring may not show its window; nil if it may.
    func ask(
        about program: KeyringProgram, within patience: Duration, isUnlocked: () -> Bool
    ) -> SecretServiceError? {
        let start = ContinuousClock.now
        let deadline = start + patience
        var (isLate, isOpen, nextLook) = (false, false, ContinuousClock.now)
        func isNeedless() -> Bool {
            if !isOpen, ContinuousClock.now >= nextLook {
                (isOpen, nextLook) = (isUnlocked(), ContinuousClock.now + Self.pauseBetweenLooks)
            }
            return isOpen
        }
        let file = lock.file(for: "keyring-window")
        // If the lock fails, two questions are better than none.
        while let file, (try? file.tryLock()) == false, !isLate {
            if isNeedless() { return nil }
            isLate = ContinuousClock.now >= deadline
            usleep(50_000)
        }
        if isLate { return .promptUnanswered(seconds: Int(patience.components.seconds)) }
        held.file.withLock { $0 = file }
        nextLook = ContinuousClock.now
        if isNeedless() { return nil }
        if let seconds = quiet.left(question) { return release(.notAskedAgain(seconds: seconds)) }
        switch show(program, deadline - ContinuousClock.now, isNeedless) {
        case .accepted: return nil
        // No program shows notifications, so the user cannot agree.
        case .nobodyIsThere: return release(.locked)
        case .silence where isOpen: return nil
        // Nobody has declined, so the next caller may ask.
        case .silence where lock.isAbandoned(): return release(.locked)
        case .silence(let silence):
            quiet.begin(question)
            switch silence {
            case .dismissed: return release(.promptDismissed)
            case .unanswered:
                let seconds = (ContinuousClock.now - start).components.seconds
                return release(.promptUnanswered(seconds: Int(max(seconds, 1))))
            case .told, .quiet: return release(.notAskedAgain(seconds: PromptCooldown.length))
            }
        }
    }

    private var question: String { KeyNames.keyringWindow(in: lock.directory) }

    private func release(_ error: SecretServiceError) -> SecretServiceError {
        held.file.withLock { $0 = nil }
        return error
    }

    /// A look at the keyring is a call on the bus.
    private static let pauseBetweenLooks = Duration.seconds(1)
}
