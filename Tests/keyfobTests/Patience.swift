import FoundationEssentials
import Testing

extension TimeLimitTrait.Duration {
    /// For a suite at the built program, with the waiting for its turns (``Turnstile``), which a sanitizer makes longer.
    static var withTurns: Self {
        .minutes(ProcessInfo.processInfo.environment["KEYFOB_SANITIZE"] == nil ? 10 : 40)
    }
}
