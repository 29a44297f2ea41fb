/// `Retry-After`: seconds, or a date (RFC 9110 section 10.2.3).
package enum RetryAfter {
    /// Returns seconds from `now` (seconds since 1970), rounded up, never negative; nil if the value is neither a number nor
    /// a date that is to come.
    static func seconds(_ value: String, now: Int64) -> Int? {
        if let first = value.utf8.first, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(first),
            let number = Double(value)
        {
            return Int(min(number.rounded(.up), Double(limit)))
        }
        return HTTPDate.seconds(value).flatMap { $0 > now ? Int(min($0 - now, Int64(limit))) : nil }
    }

    /// An hour, in seconds. A server that asks for more, perhaps by mistake, gets a request after that, so no message names
    /// a longer time.
    package static let limit = 3_600
}
