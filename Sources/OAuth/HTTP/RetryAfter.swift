import Glibc

/// `Retry-After`: seconds, or a date (RFC 9110 section 10.2.3).
enum RetryAfter {
    /// Seconds from `now` (seconds since 1970), never negative; nil where the value is neither form.
    static func seconds(_ value: String, now: Int64) -> Int? {
        if !value.isEmpty, value.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }) {
            return Int(value).map { min($0, limit) }
        }
        return date(value).map { Int(max(0, min($0 - now, Int64(limit)))) }
    }

    /// A server that asks for more than a day is not going to be asked again by this login.
    private static let limit = 86_400
    private static let months = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ]

    /// The one form that servers may send today: `Sun, 06 Nov 1994 08:49:37 GMT` (RFC 9110 section 5.6.7).
    private static func date(_ value: String) -> Int64? {
        let parts = value.split(separator: " ", omittingEmptySubsequences: false)
        guard parts.count == 6, parts[0].count == 4, parts[5] == "GMT",
            let day = Int32(parts[1]), (1...31).contains(day),
            let month = months.firstIndex(of: String(parts[2])),
            let year = Int32(parts[3]), (1970...9999).contains(year)
        else { return nil }
        let clock = parts[4].split(separator: ":").compactMap { Int32($0) }
        guard clock.count == 3, (0...23).contains(clock[0]), (0...59).contains(clock[1]), (0...60).contains(clock[2])
        else { return nil }

        var time = unsafe tm()
        unsafe time.tm_year = year - 1900
        unsafe time.tm_mon = Int32(month)
        unsafe time.tm_mday = day
        unsafe time.tm_hour = clock[0]
        unsafe time.tm_min = clock[1]
        unsafe time.tm_sec = clock[2]
        return Int64(unsafe timegm(&time))
    }
}
