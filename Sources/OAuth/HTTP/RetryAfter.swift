/// `Retry-After`: seconds, or a date (RFC 9110 section 10.2.3).
enum RetryAfter {
    /// Seconds from `now` (seconds since 1970), never negative; nil where the value is neither form.
    static func seconds(_ value: String, now: Int64) -> Int? {
        if !value.isEmpty, value.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }) {
            return Int(value).map { min($0, limit) }
        }
        return HTTPDate.seconds(value).map { Int(max(0, min($0 - now, Int64(limit)))) }
    }

    /// A server that asks for more than a day is not going to be asked again by this login.
    private static let limit = 86_400
}
