import OAuth

/// The difference between this machine's clock and a server's, from the `Date` field of its response (RFC 9110 section
/// 6.6.1).
///
/// The validity of certificates, id_tokens and access tokens depends on the clock. The field has whole seconds and does
/// not count the travel time of the response, so a few seconds mean nothing.
package struct ClockSkew: Sendable, Equatable {
    /// Seconds by which this machine is ahead of the server; negative if it is behind.
    package let seconds: Int64

    /// The thresholds in seconds: a larger skew is worth a warning, or makes sign-ins fail.
    package static let (warning, failure): (Int64, Int64) = (60, 300)

    /// Returns nil if the response has no readable date, or comes from a cache (`Age`), because it is then older than
    /// the moment of its arrival.
    ///
    /// - Parameters:
    ///   - date, age: the header fields with these names.
    ///   - now: this machine's clock at the arrival of the response, in seconds since 1970-01-01 UTC.
    package init?(date: String?, age: String?, now: Int64) {
        guard age == nil, let time = date.flatMap(HTTPDate.seconds) else { return nil }
        seconds = now - time
    }

    package enum Verdict: Sendable, Equatable { case close, off, wrong }

    package var verdict: Verdict {
        switch seconds.magnitude {
        case ...UInt64(Self.warning): .close
        case ...UInt64(Self.failure): .off
        default: .wrong
        }
    }
}
