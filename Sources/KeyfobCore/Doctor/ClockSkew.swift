import OAuth

/// How far this machine's clock is from a server's, by the `Date` field of its answer (RFC 9110 section 6.6.1).
///
/// Certificates, id_tokens and the ends of tokens are judged by the clock. The field is in whole seconds, and as old as the
/// answer's way was long; so a few seconds say nothing.
package struct ClockSkew: Sendable, Equatable {
    /// Seconds by which this machine is ahead; negative: behind.
    package let seconds: Int64

    /// More than these seconds are worth a word, or make sign-ins fail.
    package static let (worthAWord, fatal): (Int64, Int64) = (60, 300)

    package init(seconds: Int64) {
        self.seconds = seconds
    }

    /// nil where the answer has no date that can be read, or comes from a cache (`Age`), as which it is older than it says.
    ///
    /// - Parameters:
    ///   - date, age: the fields of these names.
    ///   - now: this machine's clock when the answer was there, in seconds since 1970-01-01 UTC.
    package init?(date: String?, age: String?, now: Int64) {
        guard age == nil, let time = date.flatMap(HTTPDate.seconds) else { return nil }
        seconds = now - time
    }

    package enum Verdict: Sendable, Equatable { case close, off, wrong }

    package var verdict: Verdict {
        switch seconds.magnitude {
        case ...UInt64(Self.worthAWord): .close
        case ...UInt64(Self.fatal): .off
        default: .wrong
        }
    }
}
