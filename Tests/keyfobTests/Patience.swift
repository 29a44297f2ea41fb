import FoundationEssentials
import Testing

extension TimeLimitTrait.Duration {
    /// A time limit for suites with built programs. It includes the time in the queue (``Turnstile``), which is longer
    /// with a sanitizer.
    static var withTurns: Self {
        .minutes(ProcessInfo.processInfo.environment["KEYFOB_SANITIZE"] == nil ? 20 : 40)
    }
}
