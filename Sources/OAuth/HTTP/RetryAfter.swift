/// `Retry-After`: seconds, or a date (RFC 9110 section 10.2.3).
package enum RetryAfter {
    /// Returns seconds from `now` (seconds since 1970), rounded up, never negative; nil if the value is neither a number nor
    /// a date.
    static func seconds(_ value: String, now: Int64) -> Int? {
        let isNumber = value.utf8.allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) || $0 == 0x2E }
        if isNumber, value.utf8.first != 0x2E, let number = Double(value) {
            return Int(min(number.rounded(.up), Double(limit)))
        }
        return HTTPDate.seconds(value).map { Int(max(0, min($0 - now, Int64(limit)))) }
    }

    /// An hour, in seconds. A server that asks for more, perhaps by mistake, gets a request after that, so no message names
    /// a longer time.
    package static let limit = 3_600
}
